#define _GNU_SOURCE
#include "team.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define RELAX() _mm_pause()
#elif defined(__aarch64__)
#define RELAX() __asm__ volatile("yield")
#else
#define RELAX() ((void)0)
#endif

/* No share is worth a thread of its own below this many channels, two cache lines of each row, or rows. */
#define LEAST_SHARE 32
#define MOST_MEMBERS 63
#define CACHE_LINE 64
/* Looks before a member sleeps: some 100 microseconds, longer than a block's kernels are apart that follow each other. */
#define LOOKS 5000
/* Looks before a caller lets other threads have its core: members' shares end when its own does, unless they were kept off. */
#define PATIENT_LOOKS 5000

struct member {
  pthread_mutex_t lock;
  pthread_cond_t woken;
  /* Counts calls that it had a share of; `sleeping` is set while it would not see a change. */
  atomic_uint given;
  atomic_bool sleeping;
  /* The share, written before `given` changes. */
  share_of_call share;
  const void *call;
  int first;
  int count;
  void *workspace;
  size_t workspace_bytes;
};

static pthread_mutex_t at_work = PTHREAD_MUTEX_INITIALIZER;
/* Guarded by at_work. */
static struct member *members[MOST_MEMBERS];
static int member_count;
/* Shares of the present call that are not done. */
static atomic_int open_shares;

static void *serve(void *own) {
  struct member *member = own;
  for (unsigned done = 0;; done++) {
    for (int look = 0; look < LOOKS && atomic_load(&member->given) == done; look++) RELAX();
    if (atomic_load(&member->given) == done) {
      pthread_mutex_lock(&member->lock);
      atomic_store(&member->sleeping, true);
      while (atomic_load(&member->given) == done) pthread_cond_wait(&member->woken, &member->lock);
      atomic_store(&member->sleeping, false);
      pthread_mutex_unlock(&member->lock);
    }
    member->share(member->call, member->first, member->count, member->workspace);
    atomic_fetch_sub(&open_shares, 1);
  }
  return NULL;
}

/* A worker of Node's that ends may unload this library, but not from under its threads. */
static bool keep_loaded(void) {
  static bool kept;
  Dl_info own;
  if (!kept) kept = dladdr((void *)&serve, &own) != 0 && dlopen(own.dli_fname, RTLD_NOW | RTLD_NODELETE) != NULL;
  return kept;
}

static bool add_member(void) {
  struct member *member = aligned_alloc(CACHE_LINE, (sizeof(struct member) + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
  if (member == NULL) return false;
  *member = (struct member){.lock = PTHREAD_MUTEX_INITIALIZER, .woken = PTHREAD_COND_INITIALIZER};
  pthread_t thread;
  if (!keep_loaded() || pthread_create(&thread, NULL, serve, member) != 0) {
    free(member);
    return false;
  }
  pthread_detach(thread);
  members[member_count++] = member;
  return true;
}

static bool give_room(struct member *member, size_t bytes) {
  if (member->workspace_bytes >= bytes) return true;
  void *larger = aligned_alloc(CACHE_LINE, (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
  if (larger == NULL) return false;
  free(member->workspace);
  member->workspace = larger;
  member->workspace_bytes = bytes;
  return true;
}

/* How many of `wanted` members there are, started and with room for their scratch. */
static int members_at_hand(int wanted, size_t workspace_bytes) {
  int ready = 0;
  while (ready < wanted && ready < MOST_MEMBERS && (ready < member_count || add_member()) &&
         give_room(members[ready], workspace_bytes)) {
    ready++;
  }
  return ready;
}

static void give(struct member *member) {
  atomic_fetch_add(&member->given, 1);
  if (!atomic_load(&member->sleeping)) return;
  pthread_mutex_lock(&member->lock);
  pthread_cond_signal(&member->woken);
  pthread_mutex_unlock(&member->lock);
}

void share_out(
    int threads, int total, share_of_call share, const void *call, void *workspace, size_t workspace_bytes) {
  const int units = total / LEAST_SHARE;
  const int wanted = (threads < units ? threads : units) - 1;
  if (wanted < 1 || pthread_mutex_trylock(&at_work) != 0) {
    share(call, 0, total, workspace);
    return;
  }
  const int shares = 1 + members_at_hand(wanted, workspace_bytes);
  atomic_store(&open_shares, shares - 1);
  /* Ends lie at whole units; the last share has what is left over. */
  int first = units / shares * LEAST_SHARE;
  const int own = shares == 1 ? total : first;
  for (int i = 1; i < shares; i++) {
    struct member *member = members[i - 1];
    const int end = i + 1 == shares ? total : units * (i + 1) / shares * LEAST_SHARE;
    member->share = share;
    member->call = call;
    member->first = first;
    member->count = end - first;
    first = end;
    give(member);
  }
  share(call, 0, own, workspace);
  for (int look = 0; atomic_load(&open_shares) > 0; look++) {
    if (look < PATIENT_LOOKS) RELAX();
    else sched_yield();
  }
  pthread_mutex_unlock(&at_work);
}
