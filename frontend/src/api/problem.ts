/** One fault of a rejected field, as a 422 answer lists them. */
export interface FieldFault {
  field: string;
  message: string;
}

/** An answer that is not a success: RFC 9457 problem details, or no answer at all (status 0). */
export class ApiProblem extends Error {
  readonly status: number;
  readonly faults: FieldFault[];
  readonly requestId: string | undefined;
  /** The thing as it stands now, where somebody else changed it first. */
  readonly current: unknown;

  constructor(status: number, message: string, faults: FieldFault[] = [], requestId?: string, current?: unknown) {
    super(message);
    this.name = 'ApiProblem';
    this.status = status;
    this.faults = faults;
    this.requestId = requestId;
    this.current = current;
  }

  /** What is wrong with one field, if the server said so. */
  faultOf(field: string): string | undefined {
    return this.faults.find((fault) => fault.field === field)?.message;
  }

  /** The address leads nowhere: what it names is gone, or it was never the address of anything. */
  get isMissing(): boolean {
    return this.status === 404 || this.faults.some((fault) => fault.field.startsWith('path.'));
  }
}

/** What a form says at one of its fields: that field's fault, or whatever else went wrong. */
export function problemAt(field: string, error: Error | null): string | undefined {
  return error instanceof ApiProblem ? (error.faultOf(field) ?? error.message) : error?.message;
}

/** What is wrong with one field, or with a part of it; nothing of what went wrong elsewhere. */
export function faultAt(field: string, error: Error | null): string | undefined {
  if (!(error instanceof ApiProblem)) return undefined;
  return error.faults.find((fault) => fault.field === field || fault.field.startsWith(`${field}.`))?.message;
}

interface ProblemBody {
  title?: unknown;
  detail?: unknown;
  request_id?: unknown;
  current?: unknown;
}

/** Read whatever a failed answer carried into one error with a sentence for a person. */
export function problemFrom(status: number, body: unknown): ApiProblem {
  const { title, detail, request_id, current } = isObject(body) ? (body as ProblemBody) : {};
  const requestId = typeof request_id === 'string' ? request_id : undefined;
  if (Array.isArray(detail)) {
    const faults = detail.filter(isObject).map(faultFrom);
    const message = faults.map((f) => (f.field ? `${f.field}: ${f.message}` : f.message)).join('; ');
    return new ApiProblem(status, message || `The server answered ${status}.`, faults, requestId);
  }
  const sentence = [detail, title].find((part) => typeof part === 'string' && part !== '');
  return new ApiProblem(
    status,
    typeof sentence === 'string' ? asSentence(sentence) : `The server answered ${status}.`,
    [],
    requestId,
    current,
  );
}

/** Begun with a capital: what a program says in one phrase, a page says in a sentence. */
const asSentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function faultFrom(entry: Record<string, unknown>): FieldFault {
  const location = Array.isArray(entry.loc) ? entry.loc : [];
  const names = location.filter((part) => part !== 'body' && part !== 'query').map(String);
  return { field: names.join('.'), message: typeof entry.msg === 'string' ? entry.msg : 'is not valid' };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
