// Why the service refused, from the details of its status.

import { Metadata, ServiceError, status } from "@grpc/grpc-js";
import * as protobuf from "protobufjs";

// google.rpc.Status and the three kinds of detail that Throughline gives.
const rpc = protobuf.Root.fromJSON({
  nested: {
    Any: { fields: { type_url: { type: "string", id: 1 }, value: { type: "bytes", id: 2 } } },
    Status: { fields: { details: { rule: "repeated", type: "Any", id: 3 } } },
    ErrorInfo: { fields: { reason: { type: "string", id: 1 }, domain: { type: "string", id: 2 } } },
    Violation: { fields: { field: { type: "string", id: 1 }, description: { type: "string", id: 2 } } },
    BadRequest: { fields: { fieldViolations: { rule: "repeated", type: "Violation", id: 1 } } },
    Duration: { fields: { seconds: { type: "int64", id: 1 }, nanos: { type: "int32", id: 2 } } },
    RetryInfo: { fields: { retryDelay: { type: "Duration", id: 1 } } },
  },
});

export class Refused extends Error {
  readonly code: string;
  reason = "";
  /** The field of the request that is wrong, where one is. */
  field = "";
  /** After how many seconds asking again may help, where it may. */
  retryAfterS?: number;

  constructor(error: ServiceError) {
    super(error.details);
    this.code = status[error.code] ?? String(error.code);
    this.read(error.metadata);
  }

  private read(metadata: Metadata): void {
    const bytes = metadata.get("grpc-status-details-bin")[0];
    if (!Buffer.isBuffer(bytes)) return;
    const told = rpc.lookupType("Status").decode(bytes) as unknown as {
      details: { type_url: string; value: Uint8Array }[];
    };
    for (const { type_url, value } of told.details) {
      const kind = type_url.slice(type_url.lastIndexOf(".") + 1);
      const found = rpc.get(kind);
      if (!(found instanceof protobuf.Type)) continue;
      const detail = found.toObject(found.decode(value), { longs: Number });
      this.reason ||= detail.reason ?? "";
      this.field ||= detail.fieldViolations?.[0]?.field ?? "";
      this.retryAfterS ??= detail.retryDelay?.seconds;
    }
  }
}
