"""A small client of Throughline: who asks is the certificate and the token, and each call is one method here."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator
from urllib.parse import urlsplit

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from throughline.events.v1 import values_pb2
from throughline.sharing.v1 import vocabulary_pb2
from throughline.timeline.v1 import timeline_pb2, timeline_pb2_grpc

DEADLINE_S = 10
MESSAGE_BYTES_MAX = 16 << 20


class Refused(Exception):
    """The service refused: why, which field is wrong where one is, and after how many seconds asking again may help."""

    def __init__(self, error: grpc.RpcError):
        super().__init__(error.details())
        self.code = error.code().name
        self.reason, self.field, self.retry_after_s = "", "", None
        status = rpc_status.from_call(error)
        for detail in status.details if status else []:
            for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RetryInfo):
                if detail.Is(kind.DESCRIPTOR):
                    self._read(kind.FromString(detail.value))

    def _read(self, detail):
        if isinstance(detail, error_details_pb2.ErrorInfo):
            self.reason = detail.reason
        elif isinstance(detail, error_details_pb2.BadRequest):
            self.field = detail.field_violations[0].field
        else:
            self.retry_after_s = detail.retry_delay.ToTimedelta().total_seconds()


@dataclass
class Reader:
    """A reader's settings: the file that `throughline dev init` writes, or one that your council gave you."""

    service: str
    service_ca: Path
    certificate: Path
    key: Path
    token: Path

    @classmethod
    def load(cls, file: Path) -> "Reader":
        settings = tomllib.loads(file.read_text())
        paths = {name: file.parent / settings[name] for name in ("service_ca", "certificate", "key", "token")}
        return cls(service=settings["service"], **paths)


def child(reference: str) -> values_pb2.Subject:
    """SCHEME:ISSUER:VALUE, by any reference that you hold already: there is no search."""
    scheme, issuer, value = reference.split(":", 2)
    return values_pb2.Subject(scheme=f"SCHEME_{scheme}", issuer=issuer, value=value)


class Client:
    def __init__(self, reader: Reader):
        credentials = grpc.ssl_channel_credentials(
            root_certificates=reader.service_ca.read_bytes(),
            private_key=reader.key.read_bytes(),
            certificate_chain=reader.certificate.read_bytes(),
        )
        options = [("grpc.max_receive_message_length", MESSAGE_BYTES_MAX)]
        self._channel = grpc.secure_channel(urlsplit(reader.service).netloc, credentials, options)
        self._timelines = timeline_pb2_grpc.TimelinesStub(self._channel)
        # The token is read at each call: whoever issues it may have written a new one.
        self._token = reader.token

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_):
        self._channel.close()

    def _call(self, method, request, **options):
        metadata = [("authorization", f"Bearer {self._token.read_text().strip()}")]
        try:
            return method(request, metadata=metadata, **options)
        except grpc.RpcError as error:
            raise Refused(error) from None

    def timeline(self, of: str, purpose: str, page_size: int = 100) -> Iterator[timeline_pb2.GetTimelineResponse]:
        """Every page of a timeline, newest first."""
        request = timeline_pb2.GetTimelineRequest(child=child(of), purpose=_purpose(purpose), page_size=page_size)
        while True:
            page = self._call(self._timelines.GetTimeline, request, timeout=DEADLINE_S)
            yield page
            if not page.more:
                return
            request.page_token = page.next_page_token

    def involvement(self, of: str, purpose: str) -> timeline_pb2.GetInvolvementResponse:
        """Who works with a child, and how to reach them."""
        request = timeline_pb2.GetInvolvementRequest(child=child(of), purpose=_purpose(purpose))
        return self._call(self._timelines.GetInvolvement, request, timeout=DEADLINE_S)

    def watch(self, of: str, purpose: str) -> Iterator[timeline_pb2.WatchTimelineResponse]:
        """What a stream tells until its end: the present, then changes. Ask again then, and begin with what it gives first."""
        request = timeline_pb2.WatchTimelineRequest(child=child(of), purpose=_purpose(purpose))
        stream = self._call(self._timelines.WatchTimeline, request)
        try:
            for frame in stream:
                # A frame comes every second; an empty one says that the stream is alive and nothing else.
                if frame.decision_id:
                    yield frame
        except grpc.RpcError as error:
            raise Refused(error) from None
        finally:
            stream.cancel()

    def explain(self, decision_id: bytes) -> timeline_pb2.ExplainDecisionResponse:
        """Why an answer of yours was as it was."""
        request = timeline_pb2.ExplainDecisionRequest(decision_id=decision_id)
        return self._call(self._timelines.ExplainDecision, request, timeout=DEADLINE_S)


def _purpose(name: str) -> int:
    return vocabulary_pb2.Purpose.Value(f"PURPOSE_{name.upper()}") if name else 0
