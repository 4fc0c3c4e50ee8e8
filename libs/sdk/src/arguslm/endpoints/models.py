"""Models: what is watched and benchmarked."""

from arguslm.call import (
    UNSET,
    Call,
    Id,
    Unset,
    When,
    body_of,
    changes,
    endpoint,
    given,
    nothing,
    path,
    shape,
)
from arguslm_contracts.rest import models as shapes
from arguslm_contracts.rest.monitoring import MonitoringRunResponse, SeriesResponse


class ModelEndpoints:
    @endpoint
    def list_models(
        self,
        *,
        provider_id: Id | None = None,
        enabled_for_monitoring: bool | None = None,
        enabled_for_benchmark: bool | None = None,
        retired: bool | None = None,
        search: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> Call[shapes.ModelListResponse]:
        """One page of models; `search` looks in names, `retired` are those that their provider no
        longer lists, `limit` is at most 500."""
        params = given(
            provider_id=provider_id,
            enabled_for_monitoring=enabled_for_monitoring,
            enabled_for_benchmark=enabled_for_benchmark,
            retired=retired,
            search=search,
            limit=limit,
            offset=offset,
        )
        return Call("GET", path("models"), shape(shapes.ModelListResponse), params)

    @endpoint
    def get_model(self, model_id: Id) -> Call[shapes.ModelResponse]:
        return Call("GET", path("models", model_id), shape(shapes.ModelResponse))

    @endpoint
    def create_model(self, model: shapes.ModelCreate) -> Call[shapes.ModelResponse]:
        return Call("POST", path("models"), shape(shapes.ModelResponse), body=body_of(model))

    @endpoint
    def update_model(
        self,
        model_id: Id,
        update: shapes.ModelUpdate | None = None,
        *,
        custom_name: str | Unset | None = UNSET,
        enabled_for_monitoring: bool | Unset = UNSET,
        enabled_for_benchmark: bool | Unset = UNSET,
        interval_s: int | Unset | None = UNSET,
        price: shapes.PriceGiven | Unset | None = UNSET,
        revision: int | None = None,
    ) -> Call[shapes.ModelResponse]:
        """Change only what is given; None clears `custom_name`, `interval_s` or `price`. To switch
        monitoring on ends a model's retirement."""
        body = changes(
            shapes.ModelUpdate,
            update,
            custom_name=custom_name,
            enabled_for_monitoring=enabled_for_monitoring,
            enabled_for_benchmark=enabled_for_benchmark,
            interval_s=interval_s,
            price=price,
        )
        return Call(
            "PATCH",
            path("models", model_id),
            shape(shapes.ModelResponse),
            body=body,
            revision=revision,
        )

    @endpoint
    def delete_model(self, model_id: Id) -> Call[None]:
        return Call("DELETE", path("models", model_id), nothing)

    @endpoint
    def check_model(self, model_id: Id) -> Call[MonitoringRunResponse]:
        """Check this model now; follow the run with `get_monitoring_run`."""
        return Call("POST", path("models", model_id, "check"), shape(MonitoringRunResponse))

    @endpoint
    def get_model_series(
        self,
        model_id: Id,
        *,
        start: When | None = None,
        end: When | None = None,
        buckets: int | None = None,
    ) -> Call[SeriesResponse]:
        """Aggregates of the model's checks in buckets of equal width."""
        params = given(start=start, end=end, buckets=buckets)
        return Call("GET", path("models", model_id, "series"), shape(SeriesResponse), params)
