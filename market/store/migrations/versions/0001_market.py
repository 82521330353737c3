"""The market: areas, connections, needs, tenders, bids, orders, clearings, awards, schedules and dispatches."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "areas",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_areas")),
    )
    op.create_table(
        "connections",
        sa.Column("ean", sa.String(length=18), nullable=False),
        sa.Column("qualified_mw", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("ean", name=op.f("pk_connections")),
    )
    op.create_table(
        "connection_areas",
        sa.Column("ean", sa.String(length=18), nullable=False),
        sa.Column("area_id", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_connection_areas_area_id_areas")),
        sa.ForeignKeyConstraint(["ean"], ["connections.ean"], name=op.f("fk_connection_areas_ean_connections")),
        sa.PrimaryKeyConstraint("ean", "area_id", name=op.f("pk_connection_areas")),
    )
    op.create_table(
        "needs",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("area_id", sa.String(length=100), nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_needs_area_id_areas")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_needs")),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("ean", sa.String(length=18), nullable=False),
        sa.Column("csp", sa.Text(), nullable=False),
        sa.Column("exclusive_group", sa.Text(), nullable=True),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("content_hash", sa.String(length=80), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["ean"], ["connections.ean"], name=op.f("fk_orders_ean_connections")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_orders_exclusive_group"), ["exclusive_group"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_state_start"), ["state", "start"], unique=False)

    op.create_table(
        "schedules",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("ean", sa.String(length=18), nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quarter_hours", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["ean"], ["connections.ean"], name=op.f("fk_schedules_ean_connections")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
    )
    with op.batch_alter_table("schedules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_schedules_ean_id"), ["ean", "id"], unique=False)

    op.create_table(
        "tenders",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("area_id", sa.String(length=100), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_tenders_area_id_areas")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenders")),
    )
    op.create_table(
        "bids",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("tender_id", sa.String(length=100), nullable=False),
        sa.Column("csp", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=80), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["tender_id"], ["tenders.id"], name=op.f("fk_bids_tender_id_tenders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bids")),
    )
    with op.batch_alter_table("bids", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bids_tender_id_id"), ["tender_id", "id"], unique=False)

    op.create_table(
        "clearings",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("tender_id", sa.String(length=100), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("input_hash", sa.String(length=80), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["tender_id"], ["tenders.id"], name=op.f("fk_clearings_tender_id_tenders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearings")),
        sa.UniqueConstraint("tender_id", name=op.f("uq_clearings_tender_id")),
    )
    op.create_table(
        "dispatches",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("ean", sa.String(length=18), nullable=False),
        sa.Column("schedule_id", sa.String(length=100), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("input_hash", sa.String(length=80), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["ean"], ["connections.ean"], name=op.f("fk_dispatches_ean_connections")),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedules.id"], name=op.f("fk_dispatches_schedule_id_schedules")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatches")),
    )
    with op.batch_alter_table("dispatches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dispatches_ean_id"), ["ean", "id"], unique=False)

    op.create_table(
        "awards",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("clearing_id", sa.String(length=100), nullable=False),
        sa.Column("bid_id", sa.String(length=100), nullable=True),
        sa.Column("order_id", sa.String(length=100), nullable=True),
        sa.Column("csp", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.CheckConstraint("(bid_id IS NULL) <> (order_id IS NULL)", name=op.f("ck_awards_one_subject")),
        sa.ForeignKeyConstraint(["bid_id"], ["bids.id"], name=op.f("fk_awards_bid_id_bids")),
        sa.ForeignKeyConstraint(["clearing_id"], ["clearings.id"], name=op.f("fk_awards_clearing_id_clearings")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_awards_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_awards")),
    )
    with op.batch_alter_table("awards", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_awards_bid_id"), ["bid_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_awards_clearing_id_id"), ["clearing_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_awards_csp_id"), ["csp", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_awards_order_id"), ["order_id"], unique=False)

    op.create_table(
        "clearing_needs",
        sa.Column("clearing_id", sa.String(length=100), nullable=False),
        sa.Column("need_id", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["clearing_id"], ["clearings.id"], name=op.f("fk_clearing_needs_clearing_id_clearings")
        ),
        sa.ForeignKeyConstraint(["need_id"], ["needs.id"], name=op.f("fk_clearing_needs_need_id_needs")),
        sa.PrimaryKeyConstraint("clearing_id", "need_id", name=op.f("pk_clearing_needs")),
        sa.UniqueConstraint("need_id", name=op.f("uq_clearing_needs_need_id")),
    )


def downgrade() -> None:
    op.drop_table("clearing_needs")
    with op.batch_alter_table("awards", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_awards_order_id"))
        batch_op.drop_index(batch_op.f("ix_awards_csp_id"))
        batch_op.drop_index(batch_op.f("ix_awards_clearing_id_id"))
        batch_op.drop_index(batch_op.f("ix_awards_bid_id"))

    op.drop_table("awards")
    with op.batch_alter_table("dispatches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dispatches_ean_id"))

    op.drop_table("dispatches")
    op.drop_table("clearings")
    with op.batch_alter_table("bids", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bids_tender_id_id"))

    op.drop_table("bids")
    op.drop_table("tenders")
    with op.batch_alter_table("schedules", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_schedules_ean_id"))

    op.drop_table("schedules")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_orders_state_start"))
        batch_op.drop_index(batch_op.f("ix_orders_exclusive_group"))

    op.drop_table("orders")
    op.drop_table("needs")
    op.drop_table("connection_areas")
    op.drop_table("connections")
    op.drop_table("areas")
