/**
 * Words that earlier files use, in place of which readers see today's: records of detectors and segmenters were of
 * kind `dense`, and so was the part of a shard that only these have; the part of a profile between two scans was
 * `dense` too; the form that is a model's matrix products alone was `floor`.
 */

type Fields = Readonly<Record<string, unknown>>;

/** The record in today's words; whatever else it is comes back as it is, for the schema to refuse. */
export function inTodaysWords(record: unknown): unknown {
  if (!isFields(record)) return record;
  switch (record.kind) {
    case 'dense':
      return { ...record, kind: 'vision' };
    case 'shard': {
      if (!Object.hasOwn(record, 'dense') || Object.hasOwn(record, 'vision')) return record;
      const { dense: vision, ...rest } = record;
      return { ...rest, vision };
    }
    case 'profile':
      return Array.isArray(record.parts)
        ? { ...record, parts: record.parts.map((part) => renamed(part, 'part', 'dense', 'inter-scan')) }
        : record;
    case 'speed':
      return Object.hasOwn(record, 'execution')
        ? { ...record, execution: renamed(record.execution, 'form', 'floor', 'matmul-floor') }
        : record;
    default:
      return record;
  }
}

function renamed(fields: unknown, field: string, old: string, today: string): unknown {
  return isFields(fields) && fields[field] === old ? { ...fields, [field]: today } : fields;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
