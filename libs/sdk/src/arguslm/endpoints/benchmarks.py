"""Benchmarks: start, follow, read, export."""

import httpx

from arguslm.call import Call, Id, body_of, endpoint, given, nothing, path, raw, shape
from arguslm_contracts.rest import benchmarks as shapes


class BenchmarkEndpoints:
    @endpoint
    def start_benchmark(
        self, benchmark: shapes.BenchmarkCreate
    ) -> Call[shapes.BenchmarkStartResponse]:
        """Never repeated by the client: a lost answer must not start a second run."""
        return Call(
            "POST",
            path("benchmarks"),
            shape(shapes.BenchmarkStartResponse),
            body=body_of(benchmark),
        )

    @endpoint
    def list_benchmarks(
        self, *, page: int = 1, per_page: int = 20, status: str | None = None
    ) -> Call[shapes.BenchmarkListResponse]:
        params = given(page=page, per_page=per_page, status=status)
        return Call("GET", path("benchmarks"), shape(shapes.BenchmarkListResponse), params)

    @endpoint
    def get_benchmark(self, run_id: Id) -> Call[shapes.BenchmarkDetailResponse]:
        """A run with its results and its statistics per model."""
        return Call("GET", path("benchmarks", run_id), shape(shapes.BenchmarkDetailResponse))

    @endpoint
    def get_benchmark_results(self, run_id: Id) -> Call[shapes.BenchmarkResultListResponse]:
        return Call(
            "GET",
            path("benchmarks", run_id, "results"),
            shape(shapes.BenchmarkResultListResponse),
        )

    @endpoint
    def export_benchmark(self, run_id: Id, *, format: str = "json") -> Call[httpx.Response]:
        """A file, `json` or `csv`: read `.text` or `.content` of the response."""
        return Call("GET", path("benchmarks", run_id, "export"), raw, {"format": format})

    @endpoint
    def cancel_benchmark(self, run_id: Id) -> Call[shapes.BenchmarkRunResponse]:
        """Requests in flight finish and are kept; no new ones are sent."""
        return Call(
            "POST", path("benchmarks", run_id, "cancel"), shape(shapes.BenchmarkRunResponse)
        )

    @endpoint
    def delete_benchmark(self, run_id: Id) -> Call[None]:
        return Call("DELETE", path("benchmarks", run_id), nothing)
