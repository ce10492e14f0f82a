/**
 * What the CUDA provider needs, looked at before ONNX Runtime is asked: its own answer to a missing file is
 * "Failed to load shared library", and a line on stderr. Every thing that is missing is told, not only the first.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

/** What is known of a machine; tests make machines up. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** True when the dynamic linker finds this library and all that it needs. */
  readonly canLoad: (library: string) => boolean;
  /** True when the provider's library lies beside ONNX Runtime's. */
  readonly providerInstalled: boolean;
}

export interface Missing {
  readonly what: 'platform' | 'driver' | 'provider' | 'libraries';
  readonly reason: string;
  readonly fix: string;
}

/** NVIDIA's libraries that the provider is linked against, each with what brings it. */
const cudaLibraries: Readonly<Record<string, string>> = {
  'libcudart.so.12': 'CUDA 12',
  'libcublasLt.so.12': 'CUDA 12',
  'libcublas.so.12': 'CUDA 12',
  'libcurand.so.10': 'CUDA 12',
  'libcufft.so.11': 'CUDA 12',
  'libcudnn.so.9': 'cuDNN 9',
};

/** Empty when nothing is missing as far as files tell; whether a GPU answers only a session shows. */
export function missingFor({ platform, arch, canLoad, providerInstalled }: Machine): Missing[] {
  if (platform !== 'linux' || arch !== 'x64') {
    return [
      {
        what: 'platform',
        reason: `onnxruntime-node has no CUDA provider for ${platform} ${arch}`,
        fix: 'use Linux on x64 with an NVIDIA GPU, or --backend webgpu',
      },
    ];
  }
  const missing: Missing[] = [];
  if (!canLoad('libcuda.so.1')) {
    missing.push({
      what: 'driver',
      reason: 'there is no NVIDIA driver (libcuda.so.1)',
      fix: 'install the driver of an NVIDIA GPU, 525 or newer (in a container: start it with --gpus all), until nvidia-smi lists the GPU',
    });
  }
  if (!providerInstalled) {
    missing.push({
      what: 'provider',
      reason: "the CUDA provider's library is not installed",
      fix: `fetch the provider from NuGet: ONNXRUNTIME_NODE_INSTALL=true node ${installScript()}`,
    });
  }
  const libraries = Object.keys(cudaLibraries).filter((library) => !canLoad(library));
  if (libraries.length > 0) {
    const bringers = [...new Set(libraries.map((library) => cudaLibraries[library]))].join(' and ');
    missing.push({
      what: 'libraries',
      reason: `${bringers} cannot be loaded (${libraries.join(', ')})`,
      fix: `install ${bringers} where the dynamic linker finds them, or name their folders in LD_LIBRARY_PATH`,
    });
  }
  return missing;
}

export function thisMachine(): Machine {
  const { platform, arch } = process;
  const provider = join(runtimeFolder(), 'bin/napi-v6', platform, arch, 'libonnxruntime_providers_cuda.so');
  return { platform, arch, canLoad, providerInstalled: existsSync(provider) };
}

/** Reasons and fixes of several things as one of each. */
export function inOneLine(missing: readonly Missing[]): { readonly reason: string; readonly fix: string } {
  return {
    reason: missing.map(({ reason }) => reason).join('; '),
    fix: missing.map(({ fix }) => fix).join('; then '),
  };
}

/** Node loads addons; of another library it says that it is none, after having loaded it. */
function canLoad(library: string): boolean {
  try {
    process.dlopen({ exports: {} }, library);
    return true;
  } catch (error) {
    return !/cannot open shared object file|undefined symbol|image not found|no such file/i.test(
      String((error as Error).message),
    );
  }
}

function runtimeFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
}

/** As short as it gets from where the user is. */
function installScript(): string {
  const script = join(runtimeFolder(), 'script/install.js');
  const near = relative(process.cwd(), script);
  return near.startsWith('..') ? script : near;
}
