"""The batches app: what is being made."""

from django.apps import AppConfig


class BatchesConfig(AppConfig):
    """Recipes, batches, readings, excursions."""

    name = "batches"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the frame of every page how many batches run, and Home what is new in them."""
        from batches.access import lock_step_for_file
        from batches.custody.signing import IDENTITY_STOP
        from batches.gauges import oldest_unsealed
        from batches.printing.certificate import certificate_dossier
        from batches.printing.dossier import batch_dossier, batches_of_program
        from batches.queries.disposition import words_of
        from batches.queries.feeds import list_feeds
        from batches.queries.gateways import list_gateways
        from batches.queries.holds import blocks_of
        from batches.queries.shelves import shelves_of
        from batches.recipes.signing import RECIPE
        from batches.retention import of_batches, when_batches_began
        from batches.slots import batch_facts
        from batches.views.navigation import batch_counts
        from batches.views.news import (
            batch_of_excursions,
            ended_batches,
            excursion_news,
            milestone_news,
            planned_phases,
            result_news,
            running_batches,
        )
        from batches.watched.signing import WATCH_MODEL
        from portal.attachments import takes_files
        from portal.dossiers import CERTIFICATE, keeps_dossiers, program_lists
        from portal.metrics import gauges
        from portal.retention import classified
        from portal.shell import nav_counts
        from portal.signable import register
        from portal.slots import batch_of, began, came_in, coming, ended, feeds, gateways, news, running

        register(RECIPE)
        register(WATCH_MODEL)
        register(IDENTITY_STOP)
        takes_files("stepexecution", lock_step_for_file)
        gauges.register(oldest_unsealed)
        keeps_dossiers("batch", batch_dossier)
        keeps_dossiers("batch", certificate_dossier, paper=CERTIFICATE)
        program_lists.register(batches_of_program)
        classified.register(of_batches)
        nav_counts.register(batch_counts)
        running.register(running_batches)
        ended.register(ended_batches)
        feeds.register(list_feeds)
        gateways.register(list_gateways)
        batch_facts.register(blocks_of)
        batch_facts.register(shelves_of)
        batch_facts.register(words_of)
        self.tell_of_reviews()
        self.tell_who_signs()
        news.register(excursion_news)
        came_in.register(milestone_news)
        came_in.register(result_news)
        coming.register(planned_phases)
        batch_of.register(batch_of_excursions)
        began.register(when_batches_began)

    def tell_who_signs(self) -> None:
        """Put into inboxes what waits for a signature, an answer, an acceptance, and what expires."""
        from batches.queries.expiring import count_expiring, expiring_waiting
        from batches.queries.waiting import coas_waiting, dispositions_to_sign, recipes_to_sign
        from portal.slots import inbox, waiting

        inbox.register(recipes_to_sign)
        inbox.register(dispositions_to_sign)
        inbox.register(coas_waiting)
        inbox.register(expiring_waiting)
        waiting.register(count_expiring)

    def tell_of_reviews(self) -> None:
        """Let the sweep note questions of a review that nobody answered in time."""
        from batches.reviewing.states import QUESTION_CLOCK
        from portal.actions.clocks import breach_clock, breach_clocks
        from portal.agreements.headings import TIMED
        from portal.clocks import on_clock, on_clocks
        from portal.clocks.names import name_clock

        on_clock(QUESTION_CLOCK, breach_clock)
        on_clocks(QUESTION_CLOCK, breach_clocks)
        name_clock(QUESTION_CLOCK, TIMED[QUESTION_CLOCK])
