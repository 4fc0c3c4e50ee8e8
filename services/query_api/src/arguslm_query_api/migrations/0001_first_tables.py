"""first tables"""

import sqlalchemy as sa
from alembic import op

from arguslm_storage import columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("created_at", columns.UtcDateTime, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account_id"),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_accounts_username"), ["username"], unique=False)

    op.create_table(
        "aggregates",
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("subject"),
        comment="The last event of everything there ever was: a removed thing can come back",
    )
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.Uuid, nullable=False),
        sa.Column("rule_id", sa.Uuid, nullable=False),
        sa.Column("rule_name", sa.Text, nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("model_id", sa.Uuid, nullable=True),
        sa.Column("model_name", sa.Text, nullable=False),
        sa.Column("provider_name", sa.Text, nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("fault_owner", sa.String(16), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("notify_in_app", sa.Boolean, nullable=False),
        sa.Column("since", columns.UtcDateTime, nullable=False),
        sa.Column("raised_at", columns.UtcDateTime, nullable=False),
        sa.Column("resolved_at", columns.UtcDateTime, nullable=True),
        sa.Column("resolve_reason", sa.String(32), nullable=True),
        sa.Column("acknowledged_by", sa.Text, nullable=True),
        sa.Column("acknowledged_at", columns.UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("alert_id"),
    )
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_alerts_acknowledged_at"), ["acknowledged_at"], unique=False
        )
        batch_op.create_index("ix_alerts_raised_at", ["raised_at", "alert_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_alerts_resolved_at"), ["resolved_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_alerts_rule_id"), ["rule_id"], unique=False)

    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("hint", sa.String(16), nullable=False),
        sa.Column("created_at", columns.UtcDateTime, nullable=False),
        sa.Column("expires_at", columns.UtcDateTime, nullable=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key_id"),
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_keys_key_hash"), ["key_hash"], unique=False)

    op.create_table(
        "benchmark_runs",
        sa.Column("run_id", sa.Uuid, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("plan", columns.Json, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("requested_at", columns.UtcDateTime, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("started_at", columns.UtcDateTime, nullable=True),
        sa.Column("cancel_requested_by", sa.Text, nullable=True),
        sa.Column("completed_at", columns.UtcDateTime, nullable=True),
        sa.Column("message", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("run_id"),
    )
    with op.batch_alter_table("benchmark_runs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_benchmark_runs_requested_at", ["requested_at", "run_id"], unique=False
        )

    op.create_table(
        "benchmark_samples",
        sa.Column("run_id", sa.Uuid, nullable=False),
        sa.Column("model_id", sa.Uuid, nullable=False),
        sa.Column("warmup", sa.Boolean, nullable=False),
        sa.Column("index", sa.Integer, nullable=False),
        sa.Column("started_at", columns.UtcDateTime, nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("failed", sa.Boolean, nullable=False),
        sa.Column("measurement", columns.Json, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "model_id", "warmup", "index"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "channels",
        sa.Column("channel_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("url", sa.Text, nullable=False, comment="a Fernet token"),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("created_at", columns.UtcDateTime, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("channel_id"),
    )
    op.create_table(
        "checkpoints",
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("stream_created", columns.UtcDateTime, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("stream"),
    )
    op.create_table(
        "checks",
        sa.Column("check_id", sa.Uuid, nullable=False),
        sa.Column("model_id", sa.Uuid, nullable=False),
        sa.Column("location", sa.String(63), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("run_id", sa.Uuid, nullable=True),
        sa.Column("due_at", columns.UtcDateTime, nullable=False),
        sa.Column("started_at", columns.UtcDateTime, nullable=False),
        sa.Column("completed_at", columns.UtcDateTime, nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("available", sa.Boolean, nullable=True),
        sa.Column("usable", sa.Boolean, nullable=True),
        sa.Column("ttft_ms", sa.Float, nullable=True),
        sa.Column("tokens_per_s", sa.Float, nullable=True),
        sa.Column("total_ms", sa.Float, nullable=True),
        sa.Column("output_tokens", sa.Integer, nullable=True),
        sa.Column("trustworthy", sa.Boolean, nullable=False),
        sa.Column("measurement", columns.Json, nullable=False),
        sa.PrimaryKeyConstraint("check_id"),
    )
    with op.batch_alter_table("checks", schema=None) as batch_op:
        batch_op.create_index("ix_checks_completed_at", ["completed_at", "check_id"], unique=False)
        batch_op.create_index(
            "ix_checks_model_id_completed_at",
            ["model_id", "completed_at", "check_id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_checks_outcome_completed_at", ["outcome", "completed_at", "check_id"], unique=False
        )
        batch_op.create_index(
            "ix_checks_run_id",
            ["run_id"],
            unique=False,
            sqlite_where=sa.text("run_id IS NOT NULL"),
            postgresql_where=sa.text("run_id IS NOT NULL"),
        )

    op.create_table(
        "connection_tests",
        sa.Column("check_id", sa.Uuid, nullable=False),
        sa.Column("completed_at", columns.UtcDateTime, nullable=False),
        sa.Column("completion", columns.Json, nullable=False, comment="the whole check.completed"),
        sa.PrimaryKeyConstraint("check_id"),
    )
    op.create_table(
        "discoveries",
        sa.Column("provider_id", sa.Uuid, nullable=False),
        sa.Column("request_id", sa.Uuid, nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("message", sa.Text, nullable=True),
        sa.Column("models", columns.Json, nullable=False),
        sa.Column("models_found", sa.Integer, nullable=False),
        sa.Column("completed_at", columns.UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("provider_id"),
    )
    op.create_table(
        "ended_sessions",
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("expires_at", columns.UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("session_id"),
    )
    op.create_table(
        "model_states",
        sa.Column("model_id", sa.Uuid, nullable=False),
        sa.Column("location", sa.String(63), nullable=False),
        sa.Column("consecutive_failures", sa.Integer, nullable=False),
        sa.Column("consecutive_successes", sa.Integer, nullable=False),
        sa.Column(
            "usable",
            sa.Boolean,
            nullable=True,
            comment="of the last check that said something of the endpoint",
        ),
        sa.Column(
            "since",
            columns.UtcDateTime,
            nullable=True,
            comment="start of the first check of the current run",
        ),
        sa.Column(
            "conclusive_at",
            columns.UtcDateTime,
            nullable=True,
            comment="end of the last check that said something",
        ),
        sa.Column("last_check_id", sa.Uuid, nullable=False),
        sa.Column("last_due_at", columns.UtcDateTime, nullable=False),
        sa.Column("last_completed_at", columns.UtcDateTime, nullable=False),
        sa.Column("last_outcome", sa.String(32), nullable=False),
        sa.Column("last_fault_owner", sa.String(16), nullable=False),
        sa.Column("last_says", sa.Text, nullable=False),
        sa.Column(
            "last_ttft_ms", sa.Float, nullable=True, comment="of the last check that measured it"
        ),
        sa.Column(
            "last_tokens_per_s",
            sa.Float,
            nullable=True,
            comment="of the last check that measured it",
        ),
        sa.PrimaryKeyConstraint("model_id", "location"),
    )
    op.create_table(
        "models",
        sa.Column("model_id", sa.Uuid, nullable=False),
        sa.Column("provider_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("custom_name", sa.Text, nullable=True),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("monitored", sa.Boolean, nullable=False),
        sa.Column("benchmarkable", sa.Boolean, nullable=False),
        sa.Column("interval_s", sa.Integer, nullable=True),
        sa.Column("metadata", columns.Json, nullable=False),
        sa.Column("created_at", columns.UtcDateTime, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("model_id"),
    )
    with op.batch_alter_table("models", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_models_provider_id"), ["provider_id"], unique=False)

    op.create_table(
        "monitoring_config",
        sa.Column("name", sa.String(16), nullable=False, comment="always `global`"),
        sa.Column("interval_s", sa.Integer, nullable=False),
        sa.Column("prompt_pack", sa.Text, nullable=False),
        sa.Column("max_tokens", sa.Integer, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("created_at", columns.UtcDateTime, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "monitoring_runs",
        sa.Column("run_id", sa.Uuid, nullable=False),
        sa.Column("model_ids", columns.Json, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("requested_at", columns.UtcDateTime, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_table(
        "notifications",
        sa.Column("alert_id", sa.Uuid, nullable=False, comment="of a test: its test_id"),
        sa.Column("transition", sa.String(16), nullable=False),
        sa.Column("channel_id", sa.Uuid, nullable=False),
        sa.Column("channel_name", sa.Text, nullable=False),
        sa.Column("delivered", sa.Boolean, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("at", columns.UtcDateTime, nullable=False),
        sa.Column("error", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("alert_id", "transition", "channel_id"),
    )
    op.create_table(
        "providers",
        sa.Column("provider_id", sa.Uuid, nullable=False),
        sa.Column("provider_type", sa.Text, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("base_url", sa.Text, nullable=True),
        sa.Column("settings", columns.Json, nullable=False),
        sa.Column("credentials", sa.Text, nullable=True, comment="a Fernet token"),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("monitor_discovered", sa.Boolean, nullable=False),
        sa.Column("created_at", columns.UtcDateTime, nullable=False),
        sa.Column("updated_at", columns.UtcDateTime, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("provider_id"),
    )
    op.create_table(
        "rollups",
        sa.Column("width_s", sa.Integer, nullable=False, comment="one of ROLLUP_WIDTHS_S"),
        sa.Column("model_id", sa.Uuid, nullable=False),
        sa.Column("start", columns.UtcDateTime, nullable=False),
        sa.Column("location", sa.String(63), nullable=False),
        sa.Column("checks", sa.Integer, nullable=False),
        sa.Column("available", sa.Integer, nullable=False),
        sa.Column("unavailable", sa.Integer, nullable=False),
        sa.Column("excluded", sa.Integer, nullable=False, comment="said nothing of `available`"),
        sa.Column("usable", sa.Integer, nullable=False),
        sa.Column("unusable", sa.Integer, nullable=False),
        sa.Column("ttft_ms", columns.Json, nullable=False, comment="a sketch"),
        sa.Column("ttft_p50_ms", sa.Float, nullable=True, comment="of the sketch"),
        sa.Column("tokens_per_s", columns.Json, nullable=False, comment="a sketch"),
        sa.Column("total_ms", columns.Json, nullable=False, comment="a sketch"),
        sa.Column("outcomes", columns.Json, nullable=False, comment="checks by outcome"),
        sa.PrimaryKeyConstraint("width_s", "model_id", "start", "location"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rules",
        sa.Column("rule_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("rule_type", sa.String(64), nullable=False),
        sa.Column("target_model_id", sa.Uuid, nullable=True),
        sa.Column("target_model_name", sa.Text, nullable=True),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("failures_to_raise", sa.Integer, nullable=False),
        sa.Column("successes_to_resolve", sa.Integer, nullable=False),
        sa.Column("notify_in_app", sa.Boolean, nullable=False),
        sa.Column("channel_ids", columns.Json, nullable=False),
        sa.Column("created_at", columns.UtcDateTime, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("rule_id"),
    )


def downgrade() -> None:
    op.drop_table("rules")
    op.drop_table("rollups")
    op.drop_table("providers")
    op.drop_table("notifications")
    op.drop_table("monitoring_runs")
    op.drop_table("monitoring_config")
    with op.batch_alter_table("models", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_models_provider_id"))

    op.drop_table("models")
    op.drop_table("model_states")
    op.drop_table("ended_sessions")
    op.drop_table("discoveries")
    op.drop_table("connection_tests")
    with op.batch_alter_table("checks", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_checks_run_id",
            sqlite_where=sa.text("run_id IS NOT NULL"),
            postgresql_where=sa.text("run_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_checks_outcome_completed_at")
        batch_op.drop_index("ix_checks_model_id_completed_at")
        batch_op.drop_index("ix_checks_completed_at")

    op.drop_table("checks")
    op.drop_table("checkpoints")
    op.drop_table("channels")
    op.drop_table("benchmark_samples")
    with op.batch_alter_table("benchmark_runs", schema=None) as batch_op:
        batch_op.drop_index("ix_benchmark_runs_requested_at")

    op.drop_table("benchmark_runs")
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_keys_key_hash"))

    op.drop_table("api_keys")
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alerts_rule_id"))
        batch_op.drop_index(batch_op.f("ix_alerts_resolved_at"))
        batch_op.drop_index("ix_alerts_raised_at")
        batch_op.drop_index(batch_op.f("ix_alerts_acknowledged_at"))

    op.drop_table("alerts")
    op.drop_table("aggregates")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_accounts_username"))

    op.drop_table("accounts")
