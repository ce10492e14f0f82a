#!/usr/bin/env bash
# One array task per shard, on a file system that all nodes share:
#
#   sbatch --array=1-16 docs/recipes/slurm-array.sh
#
# and when the array is through: pnpm vssm merge shards --out merged
#
#SBATCH --job-name=vssm
#SBATCH --cpus-per-task=8
#SBATCH --mem=16G
#SBATCH --time=12:00:00
#SBATCH --requeue
set -euo pipefail

# The images, what is evaluated, and where the shards go; a task that is requeued goes on where it was cut off.
export VSSM_IMAGENET=${VSSM_IMAGENET:-/data/imagenet/val}
VSSM_RUN=${VSSM_RUN:-'bench --full --only table1-imagenet --checkpoint vim-small=/data/vim_s_midclstok_80p5acc.pth'}
VSSM_OUT=${VSSM_OUT:-shards}

# shellcheck disable=SC2086 # several words on purpose
exec node packages/cli/vssm.js $VSSM_RUN \
  --threads "${SLURM_CPUS_PER_TASK:-1}" \
  --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" \
  --out "$VSSM_OUT/$SLURM_ARRAY_TASK_ID"
