class ProblemFault {
  /** A JSON pointer into the body, `?name` of the query or `{name}` of the path. @example "/seat_limit" */
  pointer!: string;
  /** @example "seat_limit must be an integer number" */
  detail!: string;
}

/** A refusal (RFC 9457). Clients match on `code`; more members may stand beside these. */
export class Problem {
  /** The documentation page of this code. @example "/problems/invalid_request" */
  type!: string;
  /** @example "Invalid request" */
  title!: string;
  /** @example 400 */
  status!: number;
  /** What happened, for people. @example "seat_limit must be an integer number" */
  detail!: string;
  /** This occurrence. @example "urn:request:req_06efmaxjnf1v7gh8b4rpvks8kg" */
  instance!: string;
  /** What happened, for programs. @example "invalid_request" */
  code!: string;
  /** @example "req_06efmaxjnf1v7gh8b4rpvks8kg" */
  request_id!: string;
  /** For bad input: each place and what is wrong with it. */
  errors?: ProblemFault[];
}
