/* The addon's functions that make scores; see addon.c. */
#ifndef ADDON_SCORING_H
#define ADDON_SCORING_H

#include "call.h"

napi_value call_reader_weights(napi_env env, napi_callback_info info);
napi_value call_add_contributions(napi_env env, napi_callback_info info);
napi_value call_reduce_rows(napi_env env, napi_callback_info info);

#endif
