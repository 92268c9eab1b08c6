// What a downstream application does with Throughline: read a timeline in pages, ask who works with the child, follow the
// timeline, and act on a refusal.
//
//     node build/src/example.js READER.toml UPN:dfe:B801200005001 early_help

import type { Entry__Output } from "../generated/throughline/timeline/v1/Entry";
import { Client, loadReader } from "./client";
import { Refused } from "./refused";

async function main(reader: string, child: string, purpose: string, contract: string): Promise<void> {
  const client = new Client(loadReader(reader), contract);
  try {
    let [pages, entries, lines] = [0, 0, 0];
    let decision: Buffer = Buffer.alloc(0);
    for await (const page of client.timeline(child, purpose, 5)) {
      pages += 1;
      entries += page.entries.length;
      lines += page.existence.length;
      decision = page.decision_id;
    }
    console.log(`timeline: pages=${pages} entries=${entries} services_withheld=${lines}`);

    const { involved } = await client.involvement(child, purpose);
    for (const one of involved) {
      const capacity = one.capacity.toLowerCase();
      console.log(`works with the child: ${one.organisation || "a service"} capacity=${capacity} ask=${one.contact}`);
    }
    console.log(`involvement: known=${involved.length}`);

    const present = new Map<string, Entry__Output>();
    for await (const frame of client.watch(child, purpose)) {
      for (const { id, entry } of frame.entries) if (entry) present.set(id.toString("hex"), entry);
      for (const id of frame.withdrawn) present.delete(id.toString("hex"));
      if (frame.complete) {
        // A program would stay and act on what comes next; an example ends here.
        console.log(`watch: present=${present.size}`);
        break;
      }
    }

    const why = await client.explain(decision);
    console.log(`explained: call=${why.call} rules=${why.permitted_by.length}`);

    try {
      await client.involvement(child, "");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      console.log(`refused: ${error.code} reason=${error.reason} field=${error.field}: ${error.message}`);
    }
  } finally {
    client.close();
  }
}

const [reader, child, purpose] = process.argv.slice(2);
const contract = process.env.THROUGHLINE_PROTO;
if (!reader || !child || !purpose || !contract) {
  console.error("THROUGHLINE_PROTO=../.. node build/src/example.js READER.toml SCHEME:ISSUER:VALUE PURPOSE");
  process.exit(2);
}
main(reader, child, purpose, contract).catch((error: unknown) => {
  if (error instanceof Refused) {
    const again = error.retryAfterS ? `; ask again in ${error.retryAfterS} s` : "";
    console.error(`refused: ${error.code} reason=${error.reason}: ${error.message}${again}`);
  } else {
    console.error(error);
  }
  process.exit(1);
});
