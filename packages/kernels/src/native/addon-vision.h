/* The addon's functions for detectors; see addon.c. */
#ifndef ADDON_VISION_H
#define ADDON_VISION_H

#include "call.h"

napi_value call_deformable(napi_env env, napi_callback_info info);
napi_value call_roi_align(napi_env env, napi_callback_info info);
napi_value call_winograd(napi_env env, napi_callback_info info);

#endif
