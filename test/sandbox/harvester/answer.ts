/** An HTTP answer; without `body` it is empty. */
export interface Answer {
  status: number;
  body?: unknown;
}

export function serverError(): Answer {
  return { status: 500, body: { error: "Internal Server Error" } };
}
