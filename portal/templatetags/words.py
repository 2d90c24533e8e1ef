"""Hand the words that modules write on screen to the page, translated, as data."""

from typing import Final

from django import template
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

register = template.Library()

WORDS: Final[dict[str, str | Promise]] = {
    "now": _("now"),
    "ahead": _("ahead of time"),
    "seconds_ago": _("{n} s ago"),
    "minutes_ago": _("{n} min ago"),
    "hours_ago": _("{n} h ago"),
    "day_ago": _("{n} day ago"),
    "days_ago": _("{n} days ago"),
    "seconds": _("{n} s"),
    "minutes": _("{n} min"),
    "hours": _("{h} h"),
    "hours_minutes": _("{h} h {m} min"),
    "day": _("{n} day"),
    "days": _("{n} days"),
    "late": _("{stretch} late"),
    "live": _("Live"),
    "catching_up": _("Catching up"),
    "offline": _("Offline, trying again"),
    "signed_out": _("You are signed out. Sign in again to go on."),
    "withdrawn": _("You may no longer see part of this page. Reload it to go on."),
    "reload": _("Reload"),
    "sign_in": _("Sign in"),
    "open": _("Open"),
    "dismiss": _("Dismiss"),
    "copied": _("Copied"),
    "push_refused": _(
        "This browser takes no notifications from here. Allow them in its settings and try again."
    ),
    "verifying": _("Reading and hashing the entries"),
    "verify_holds": _("Verified here. Entries: {n}, exactly those that the signed checkpoint was made for."),
    "verify_no_ed25519": _(
        "Verified here. Entries: {n}, exactly those of the checkpoint. This browser cannot check its"
        " signature; the offline verifier does."
    ),
    "verify_not_signed": _(
        "The checkpoint is not signed by the key of this log. Keep this page and tell both sides."
    ),
    "verify_other_chain": _("The checkpoint is of another chain. Keep this page and tell both sides."),
    "verify_entry": _("Entry {seq} is not what was sealed. Keep this page and tell both sides."),
    "verify_missing": _("Only {n} of {size} entries came. Keep this page and tell both sides."),
    "verify_files": _(
        "The {size} entries hold, but {n} of the files that they name are no longer here as they were sealed."
        " Keep this page and tell both sides."
    ),
    "verify_root": _(
        "The entries are not those the checkpoint was signed for. Keep this page and tell both sides."
    ),
    "verify_no_crypto": _(
        "This browser computes no digests without a secure connection; use the offline verifier."
    ),
    "copy_failed": _("Not copied: select the text and copy it by hand"),
    "passkey_failed": _("No key answered. Try again, or use another way."),
    "passkey_no_name": _("Passkeys need the name of this site, not its number. Open it by its name."),
    "new_alert": _("New alert: {title}"),
    "new_notice": _("New notice: {number} {title}"),
    "changed": _("This part changed while you were writing. Show what is new"),
    "not_answered": _("The server did not answer. Nothing was changed; try again."),
    "refused": _("This was refused: {reason}"),
    "draft_kept": _("Draft kept on this device, {time}"),
    "draft_restored": _("Your unsent draft is back. Photos must be chosen again."),
    "draft_offline": _("No connection. Your draft is kept on this device; send it when you are back online."),
    "queue_kept": _("Kept on this device; it is sent as soon as the product answers. Waiting: {n}."),
    "queue_sent": _("Sent from this device: {n}. Each stands in the list of deviations, once."),
    "queue_written": _("Written {at}"),
    "queue_signed_out": _("Sign in to send what waits on this device."),
    "queue_others": _("Of another person, who sends them by signing in here: {n}"),
    "queue_untitled": _("Without a title"),
    "queue_mend": _("Open and mend"),
    "queue_drop": _("Throw away"),
    "queue_drop_sure": _("Throw this draft away for good?"),
    "queue_seen": _("Seen"),
    "queue_not_attached": _("Logged. {why}"),
    "scanning": _("Hold the label before the camera"),
    "scan_failed": _("The camera could not be opened. Type the code of the label."),
    "stop": _("Stop"),
    "dictate": _("Dictate"),
    "stop_dictating": _("Stop dictating"),
    "dictation_failed": _("Nothing was heard. Type the text or try again."),
    "photo": _("Photo {n}"),
    "remove": _("Remove {name}"),
    "too_large": _("{name} is larger than {limit} MB; choose a smaller file"),
    "step": _("Step {n} of {total}"),
    "chart_time": _("Time"),
    "chart_value": _("Value"),
    "chart_phase": _("Phase"),
    "chart_failed": _("The values could not be fetched. Try again."),
    "chart_empty": _("No values in this window yet"),
    "chart_gap": _("no value"),
    "nor": _("NOR"),
    "alert": _("alert limit"),
    "action": _("action limit"),
    "par": _("PAR"),
}


@register.simple_tag
def words() -> SafeString:
    """Write the dictionary as a JSON data block, which the content security policy allows."""
    return json_script({key: str(text) for key, text in WORDS.items()}, "words")


@register.filter
def whole(text: str) -> SafeString:
    """Keep codes with a hyphen, like AV-101, in one piece when the line breaks."""
    pieces = (
        format_html('<span class="whole">{}</span>', each) if "-" in each else each for each in text.split()
    )
    return format_html_join(" ", "{}", ((each,) for each in pieces))
