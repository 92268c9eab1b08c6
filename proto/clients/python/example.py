"""What a downstream application does with Throughline: read a timeline in pages, ask who works with the child, follow the
timeline, and act on a refusal.

    python example.py READER.toml UPN:dfe:B801200005001 early_help
"""

import sys
from pathlib import Path

from throughline.events.v1 import shared_working_pb2
from throughline.sharing.v1 import vocabulary_pb2
from throughline_client import Client, Reader, Refused


def main(reader: str, child: str, purpose: str) -> None:
    with Client(Reader.load(Path(reader))) as client:
        pages, entries, lines = 0, 0, 0
        for page in client.timeline(child, purpose, page_size=5):
            pages, entries, lines = pages + 1, entries + len(page.entries), lines + len(page.existence)
        print(f"timeline: pages={pages} entries={entries} services_withheld={lines}")

        involved = client.involvement(child, purpose)
        for one in involved.involved:
            capacity = shared_working_pb2.Involvement.Kind.Name(one.capacity).lower()
            print(f"works with the child: {one.organisation or 'a service'} capacity={capacity} ask={one.contact}")
        print(f"involvement: known={len(involved.involved)}")

        present = {}
        for frame in client.watch(child, purpose):
            present.update((one.id, one.entry) for one in frame.entries)
            for gone in frame.withdrawn:
                present.pop(gone, None)
            if frame.complete:
                # A program would stay and act on what comes next; an example ends here.
                print(f"watch: present={len(present)}")
                break

        why = client.explain(page.decision_id)
        print(f"explained: call={vocabulary_pb2.Call.Name(why.call)} rules={len(why.permitted_by)}")

        try:
            client.involvement(child, purpose="")
        except Refused as refused:
            print(f"refused: {refused.code} reason={refused.reason} field={refused.field}: {refused}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Refused as refused:
        again = f"; ask again in {refused.retry_after_s:.0f} s" if refused.retry_after_s else ""
        sys.exit(f"refused: {refused.code} reason={refused.reason}: {refused}{again}")
