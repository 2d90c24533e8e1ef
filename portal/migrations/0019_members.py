"""A person of an organisation is a record that others may point to: an alert is about one."""

from __future__ import annotations

from django.db import migrations

KEEP = (
    "create trigger keep_record after insert or update on portal_member"
    " for each row execute function portal.keep_record('member', '', 'name')"
)
FILL = (
    "insert into portal_record (id, space_id, type, audience, number, title, version)"
    " select id, space_id, 'member', audience, '', name, version from portal_member"
)


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0018_duty"),
    ]

    operations = [
        migrations.RunSQL(KEEP, "drop trigger keep_record on portal_member"),
        migrations.RunSQL(FILL, "delete from portal_record where type = 'member'"),
    ]
