"""`--demo`: simulated models, registered and watched, and a rule, through the public API."""

from arguslm import ArgusLMClient
from arguslm.schemas import AlertRuleCreate, ProviderCreate

PROVIDER_NAME = "Demo (simulated)"
RULE_NAME = "Any model down"


def demo_is_registered(client: ArgusLMClient) -> bool:
    return any(p.display_name == PROVIDER_NAME for p in client.list_providers().providers)


def register_demo(client: ArgusLMClient, simulator_url: str) -> None:
    """Make the demo provider and its rule, or bring them to where the simulator is now."""
    base_url = f"{simulator_url}/v1"
    known = {provider.display_name: provider for provider in client.list_providers().providers}
    if PROVIDER_NAME not in known:
        client.create_provider(
            ProviderCreate(
                provider_type="custom_openai_compatible",
                display_name=PROVIDER_NAME,
                credentials={"base_url": base_url},
                monitor_discovered=True,
            )
        )
        client.update_monitoring_config(interval_s=10)
    elif known[PROVIDER_NAME].base_url != base_url:
        client.update_provider(known[PROVIDER_NAME].id, credentials={"base_url": base_url})
    if RULE_NAME not in {rule.name for rule in client.list_alert_rules()}:
        client.create_alert_rule(AlertRuleCreate(name=RULE_NAME, rule_type="any_model_down"))
