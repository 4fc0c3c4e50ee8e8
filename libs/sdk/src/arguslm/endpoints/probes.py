"""What else is asked of models, beside whether they live."""

from arguslm.call import Call, Id, body_of, endpoint, nothing, path, shape
from arguslm_contracts.rest import probes


class ProbeEndpoints:
    @endpoint
    def list_probes(self) -> Call[probes.ProbeList]:
        return Call("GET", path("probes"), shape(probes.ProbeList))

    @endpoint
    def get_probe(self, probe_id: Id) -> Call[probes.ProbeResponse]:
        return Call("GET", path("probes", probe_id), shape(probes.ProbeResponse))

    @endpoint
    def create_probe(self, probe: probes.ProbeCreate) -> Call[probes.ProbeResponse]:
        return Call("POST", path("probes"), shape(probes.ProbeResponse), body=body_of(probe))

    @endpoint
    def update_probe(
        self, probe_id: Id, update: probes.ProbeUpdate, *, revision: int | None = None
    ) -> Call[probes.ProbeResponse]:
        """Change only what is given."""
        return Call(
            "PATCH",
            path("probes", probe_id),
            shape(probes.ProbeResponse),
            body=body_of(update),
            revision=revision,
        )

    @endpoint
    def delete_probe(self, probe_id: Id) -> Call[None]:
        return Call("DELETE", path("probes", probe_id), nothing)
