// A small client of Throughline: who asks is the certificate and the token, and each call is one method here.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { ChannelCredentials, Metadata, ServiceError, loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

import type { ProtoGrpcType } from "../generated/timeline";
import type { Subject } from "../generated/throughline/events/v1/Subject";
import type { ExplainDecisionResponse__Output } from "../generated/throughline/timeline/v1/ExplainDecisionResponse";
import type { GetInvolvementResponse__Output } from "../generated/throughline/timeline/v1/GetInvolvementResponse";
import type { GetTimelineResponse__Output } from "../generated/throughline/timeline/v1/GetTimelineResponse";
import type { TimelinesClient } from "../generated/throughline/timeline/v1/Timelines";
import type { WatchTimelineResponse__Output } from "../generated/throughline/timeline/v1/WatchTimelineResponse";
import { Refused } from "./refused";

const DEADLINE_MS = 10_000;
const MESSAGE_BYTES_MAX = 16 << 20;

/** A reader's settings: the file that `throughline dev init` writes, or one that your council gave you. */
export interface Reader {
  service: string;
  service_ca: string;
  certificate: string;
  key: string;
  token: string;
}

/** Reads a reader's file, whose lines are `name = "value"`. Paths are taken from its own folder. */
export function loadReader(file: string): Reader {
  const lines = readFileSync(file, "utf8").matchAll(/^(\w+)\s*=\s*"(.*)"\s*$/gm);
  const settings = Object.fromEntries([...lines].map(([, name, value]) => [name, value])) as unknown as Reader;
  const here = (path: string) => (path.startsWith("/") ? path : join(dirname(file), path));
  const { service, service_ca, certificate, key, token } = settings;
  return { service, service_ca: here(service_ca), certificate: here(certificate), key: here(key), token: here(token) };
}

/** SCHEME:ISSUER:VALUE, by any reference that you hold already: there is no search. */
export function child(reference: string): Subject {
  const [scheme, issuer, ...value] = reference.split(":");
  return { scheme: `SCHEME_${scheme}` as Subject["scheme"], issuer, value: value.join(":") };
}

type Call<Request, Answer> = (
  request: Request,
  metadata: Metadata,
  options: { deadline: number },
  done: (error: ServiceError | null, answer?: Answer) => void,
) => unknown;

export class Client {
  private readonly timelines: TimelinesClient;

  /** `contract` is the folder that holds `throughline/timeline/v1/timeline.proto`. */
  constructor(private readonly reader: Reader, contract: string) {
    const options = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true };
    const definition = loadSync("throughline/timeline/v1/timeline.proto", { ...options, includeDirs: [contract] });
    const loaded = loadPackageDefinition(definition) as unknown as ProtoGrpcType;
    const credentials = ChannelCredentials.createSsl(
      readFileSync(reader.service_ca),
      readFileSync(reader.key),
      readFileSync(reader.certificate),
    );
    this.timelines = new loaded.throughline.timeline.v1.Timelines(new URL(reader.service).host, credentials, {
      "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
    });
  }

  close(): void {
    this.timelines.close();
  }

  /** Every page of a timeline, newest first. */
  async *timeline(of: string, purpose: string, pageSize = 100): AsyncGenerator<GetTimelineResponse__Output> {
    let token = Buffer.alloc(0);
    for (;;) {
      const request = { child: child(of), purpose: named(purpose), page_size: pageSize, page_token: token };
      const page: GetTimelineResponse__Output = await this.call(this.timelines.GetTimeline, request);
      yield page;
      if (!page.more) return;
      token = Buffer.from(page.next_page_token);
    }
  }

  /** Who works with a child, and how to reach them. */
  involvement(of: string, purpose: string): Promise<GetInvolvementResponse__Output> {
    return this.call(this.timelines.GetInvolvement, { child: child(of), purpose: named(purpose) });
  }

  /** What a stream tells until its end: the present, then changes. Ask again then, and begin with what it gives first. */
  async *watch(of: string, purpose: string): AsyncGenerator<WatchTimelineResponse__Output> {
    const stream = this.timelines.WatchTimeline({ child: child(of), purpose: named(purpose) }, this.token());
    try {
      for await (const frame of stream as AsyncIterable<WatchTimelineResponse__Output>) {
        // A frame comes every second; an empty one says that the stream is alive and nothing else.
        if (frame.decision_id.length > 0) yield frame;
      }
    } catch (error) {
      throw new Refused(error as ServiceError);
    } finally {
      // Whoever stops listening is not told of it as an error.
      stream.on("error", () => undefined);
      stream.cancel();
    }
  }

  /** Why an answer of yours was as it was. */
  explain(decisionId: Buffer): Promise<ExplainDecisionResponse__Output> {
    return this.call(this.timelines.ExplainDecision, { decision_id: decisionId });
  }

  /** The token is read at each call: whoever issues it may have written a new one. */
  private token(): Metadata {
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${readFileSync(this.reader.token, "utf8").trim()}`);
    return metadata;
  }

  private call<Request, Answer>(method: unknown, request: Request): Promise<Answer> {
    const call = (method as Call<Request, Answer>).bind(this.timelines);
    return new Promise((resolve, reject) => {
      call(request, this.token(), { deadline: Date.now() + DEADLINE_MS }, (error, answer) =>
        error ? reject(new Refused(error)) : resolve(answer as Answer),
      );
    });
  }
}

type Purpose = "PURPOSE_UNSPECIFIED" | "PURPOSE_EARLY_HELP";

/** `early_help` as the contract names it; whether there is such a purpose is the service's to say. */
function named(purpose: string): Purpose {
  return (purpose ? `PURPOSE_${purpose.toUpperCase()}` : "PURPOSE_UNSPECIFIED") as Purpose;
}
