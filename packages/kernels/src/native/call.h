/*
 * A call from JavaScript: the memory's ArrayBuffer, then numbers, which are read one after another. Addresses are byte
 * offsets into that buffer, whose place is looked up on every call because the memory may grow.
 */
#ifndef CALL_H
#define CALL_H

#include <stdbool.h>
#include <stddef.h>

#define NAPI_VERSION 8
#include <node_api.h>

#include "../common/lanes.h"

#define MAX_ARGUMENTS 40

/* Arguments are taken one after another; what cannot be read counts as 0 and makes the call fail. */
struct call {
  napi_env env;
  napi_value arguments[MAX_ARGUMENTS];
  size_t next;
  unsigned char *memory;
  bool valid;
};

INLINE double number(struct call *call) {
  double value = 0;
  if (napi_get_value_double(call->env, call->arguments[call->next++], &value) != napi_ok) call->valid = false;
  return value;
}

INLINE int integer(struct call *call) { return (int)number(call); }

INLINE bool flag(struct call *call) { return number(call) != 0; }

/* A byte offset, as an address. */
INLINE void *address(struct call *call) { return call->memory + (size_t)number(call); }

/* The same, where offset 0 says that there is none. */
INLINE void *optional_address(struct call *call) {
  const double offset = number(call);
  return offset == 0 ? NULL : call->memory + (size_t)offset;
}

/* A stride in bytes, in floats. */
INLINE ptrdiff_t stride(struct call *call) { return (ptrdiff_t)number(call) / (ptrdiff_t)sizeof(float); }

/* Reads the memory's ArrayBuffer; the other arguments follow. */
INLINE struct call begin(napi_env env, napi_callback_info info, size_t count) {
  struct call call = {.env = env, .next = 1};
  size_t given = MAX_ARGUMENTS;
  size_t bytes = 0;
  call.valid = napi_get_cb_info(env, info, &given, call.arguments, NULL, NULL) == napi_ok && given == count &&
               napi_get_arraybuffer_info(env, call.arguments[0], (void **)&call.memory, &bytes) == napi_ok;
  return call;
}

#endif
