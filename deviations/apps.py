"""The deviations app: what went wrong and what is done about it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class DeviationsConfig(AppConfig):
    """Deviations, judgements, notices."""

    name = "deviations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the lower apps what deviations know, take and do when a clock is due."""
        from batches.slots import batch_deviations, batch_dossiers, batch_facts
        from deviations.access import lock_for_file, newest_classes
        from deviations.api.dossier import deviation_dossier, deviations_of_program, dossiers_of_batch
        from deviations.evidence.dossier import evidence_dossier
        from deviations.queries.board import facts_of_batches
        from deviations.queries.cases import past_cases
        from deviations.queries.inbox import deviations_waiting
        from deviations.queries.of_batch import deviations_of_batch
        from deviations.queries.saved_filters import count_to_move_on
        from deviations.signing import DEVIATION
        from deviations.views.navigation import deviation_counts
        from deviations.views.news import batch_of_deviations, deviation_moves, deviation_news
        from portal.attachments import takes_files
        from portal.dossiers import EVIDENCE, keeps_dossiers, program_lists
        from portal.shell import nav_counts
        from portal.signable import register
        from portal.slots import batch_of, came_in, classes, inbox, news, waiting
        from portal.slots import past_cases as cases

        takes_files("deviation", lock_for_file)
        register(DEVIATION)
        keeps_dossiers("deviation", deviation_dossier)
        keeps_dossiers("deviation", evidence_dossier, paper=EVIDENCE)
        program_lists.register(deviations_of_program)
        batch_facts.register(facts_of_batches)
        batch_dossiers.register(dossiers_of_batch)
        batch_deviations.register(deviations_of_batch)
        inbox.register(deviations_waiting)
        waiting.register(count_to_move_on)
        nav_counts.register(deviation_counts)
        news.register(deviation_news)
        classes.register(newest_classes)
        came_in.register(deviation_moves)
        batch_of.register(batch_of_deviations)
        cases.register(past_cases)
        self.log_by_itself()
        self.tell_of_authorities()
        self.tell_of_notices()
        self.tell_of_timelines()
        self.tell_of_signals()
        self.tell_of_capa()
        self.tell_of_judging()
        self.tell_of_dockets()
        self.tell_of_keeping()

    def tell_of_authorities(self) -> None:
        """Let the sweep note what was not reported to an authority in its time."""
        from deviations.reporting import RULES
        from deviations.reporting_signing import REPORTING_DECISION
        from portal.actions.clocks import breach_clock, breach_clocks
        from portal.clocks import on_clock, on_clocks
        from portal.clocks.names import name_clock
        from portal.signable import register

        register(REPORTING_DECISION)
        for rule in RULES:
            on_clock(rule.clock, breach_clock)
            on_clocks(rule.clock, breach_clocks)
            name_clock(rule.clock, rule.title)

    def log_by_itself(self) -> None:
        """Let the lower apps have logged what is an event by itself."""
        from batches.slots import automatic_events, grown
        from deviations.actions.automatic import log_automatic, log_growth

        automatic_events.register(log_automatic)
        grown.register(log_growth)

    def tell_of_notices(self) -> None:
        """Let the sweep ask for notices, and share what clauses share after a while."""
        from deviations.actions.release import chase_notice, disclose_when_due
        from deviations.states import DISCLOSURE_CLOCK, NOTICE_CLOCK
        from portal.clocks import on_clock
        from portal.clocks.names import name_clock

        on_clock(NOTICE_CLOCK, chase_notice)
        name_clock(NOTICE_CLOCK, gettext_lazy("Release the notice"), has_own_item=True, is_extended=False)
        on_clock(DISCLOSURE_CLOCK, disclose_when_due)
        words = gettext_lazy("Shared with the sponsor, by clause")
        name_clock(DISCLOSURE_CLOCK, words, has_own_item=True, is_fixed=True)

    def tell_of_timelines(self) -> None:
        """Let the sweep note what was not done in the time of its clause; the record itself waits in Home."""
        from deviations.states import COMMENTS_CLOCK, IMPACT_CLOCK
        from deviations.timelines import OF_ROUNDS, TIMELINES
        from portal.actions.clocks import breach_clock, breach_clocks
        from portal.agreements.headings import TIMED
        from portal.clocks import on_clock, on_clocks
        from portal.clocks.names import name_clock

        for kind in (*TIMELINES, IMPACT_CLOCK, *OF_ROUNDS):
            on_clock(kind, breach_clock)
            on_clocks(kind, breach_clocks)
            # The record itself waits in Home; what nobody need do waits there by its clock.
            name_clock(kind, TIMED[kind], has_own_item=kind not in (IMPACT_CLOCK, COMMENTS_CLOCK))

    def tell_of_signals(self) -> None:
        """Tell the lower apps of early signals."""
        from batches.slots import batch_facts, batch_signals, tell_noticed
        from deviations.actions.signals import tell_of_watch
        from deviations.queries import signals
        from deviations.states import SIGNAL_CLOCK
        from portal.actions.clocks import breach_clock, breach_clocks
        from portal.clocks import on_clock, on_clocks
        from portal.clocks.names import name_clock
        from portal.slots import asking, batch_of, inbox, news, waiting

        batch_facts.register(signals.signals_of_batches)
        batch_signals.register(signals.signals_of_batch)
        tell_noticed.register(tell_of_watch)
        batch_of.register(signals.batch_of_signals)
        inbox.register(signals.signals_waiting)
        waiting.register(signals.count_signals)
        asking.register(signals.signals_asking)
        news.register(signals.signal_news)
        on_clock(SIGNAL_CLOCK, breach_clock)
        on_clocks(SIGNAL_CLOCK, breach_clocks)
        name_clock(
            SIGNAL_CLOCK, gettext_lazy("Answer the early signal"), has_own_item=True, is_extended=False
        )

    def tell_of_capa(self) -> None:
        """Let CAPA be signed, take evidence, wait in Home, and collect their data when the window is over."""
        from deviations.actions.capa.watching import collect_effectiveness
        from deviations.capa.access import lock_measure_for_file
        from deviations.capa.signing import CAPA_DECISION
        from deviations.capa.states import CHECK_CLOCK, MEASURE_CLOCK, WINDOW_CLOCK
        from deviations.queries.capa import capas_waiting, count_capas
        from portal.actions.clocks import breach_clock, breach_clocks
        from portal.agreements.headings import TIMED
        from portal.attachments import takes_files
        from portal.clocks import on_clock, on_clocks
        from portal.clocks.names import name_clock
        from portal.signable import register
        from portal.slots import inbox, waiting

        register(CAPA_DECISION)
        takes_files("measure", lock_measure_for_file)
        for kind in (MEASURE_CLOCK, CHECK_CLOCK):
            on_clock(kind, breach_clock)
            on_clocks(kind, breach_clocks)
            name_clock(kind, TIMED[kind], has_own_item=True)
        on_clock(WINDOW_CLOCK, collect_effectiveness)
        words = gettext_lazy("Effectiveness data are collected")
        name_clock(WINDOW_CLOCK, words, has_own_item=True, is_fixed=True)
        inbox.register(capas_waiting)
        waiting.register(count_capas)

    def tell_of_judging(self) -> None:
        """Let impact and lower classes be signed, and the system open classes once both sides gave theirs."""
        from deviations.actions.judging.classes import open_classes
        from deviations.judging.signing import IMPACT_ASSESSMENT, RECLASSIFICATION
        from deviations.judging.states import CLASS_CLOCK, CLASS_DISAGREEMENT_CLOCK, OPENING_LOOK
        from portal.actions.clocks import breach_clock, breach_clocks
        from portal.clocks import on_clock, on_clocks
        from portal.clocks.names import name_clock
        from portal.signable import register

        register(IMPACT_ASSESSMENT)
        register(RECLASSIFICATION)
        words = {
            CLASS_CLOCK: gettext_lazy("Give the confirmed class"),
            CLASS_DISAGREEMENT_CLOCK: gettext_lazy("Decide on the class"),
        }
        for kind, name in words.items():
            on_clock(kind, breach_clock)
            on_clocks(kind, breach_clocks)
            name_clock(kind, name, has_own_item=False)
        on_clock(OPENING_LOOK, open_classes)
        name_clock(
            OPENING_LOOK, gettext_lazy("Look whether both classes are in"), has_own_item=True, is_fixed=True
        )

    def tell_of_dockets(self) -> None:
        """Let dockets be signed, wait in Home, and run against the times of clauses."""
        from deviations.api.docket_dossier import dossier_of
        from deviations.dockets.asking.states import CLOCKS
        from deviations.dockets.changing.signing import CHANGE
        from deviations.dockets.changing.states import END_OF_CHANGE, REVIEW_OF_CHANGE
        from deviations.dockets.complaining.states import COMPLAINT_CLOCK
        from deviations.dockets.kinds import KINDS
        from deviations.dockets.laboratory.signing import INVESTIGATION
        from deviations.dockets.laboratory.states import PHASE_CLOCK
        from deviations.dockets.site.signing import STATEMENT
        from deviations.queries.asking import queries_asking
        from deviations.queries.dockets import count_dockets, dockets_waiting
        from deviations.queries.inbox import reviews_asking
        from portal.actions.clocks import breach_clock, breach_clocks
        from portal.agreements.headings import TIMED
        from portal.clocks import on_clock, on_clocks
        from portal.clocks.names import name_clock
        from portal.dossiers import keeps_dossiers
        from portal.signable import register
        from portal.slots import asking, inbox, waiting

        for each in (STATEMENT, CHANGE, INVESTIGATION):
            register(each)
        for kind in (*CLOCKS, REVIEW_OF_CHANGE, COMPLAINT_CLOCK, PHASE_CLOCK):
            on_clock(kind, breach_clock)
            on_clocks(kind, breach_clocks)
            name_clock(kind, TIMED[kind], has_own_item=True)
        for desk in KINDS:
            if not desk.is_of_site:
                keeps_dossiers(desk.name, dossier_of(desk))
        on_clock(END_OF_CHANGE, breach_clock)
        on_clocks(END_OF_CHANGE, breach_clocks)
        ends = gettext_lazy("The temporary change ends")
        name_clock(END_OF_CHANGE, ends, has_own_item=True, is_fixed=True)
        asking.register(queries_asking)
        asking.register(reviews_asking)
        inbox.register(dockets_waiting)
        waiting.register(count_dockets)

    def tell_of_keeping(self) -> None:
        """Tell how long the tables are kept, and when records began."""
        from deviations.retention import of_deviations, when_deviations_began
        from portal.retention import classified
        from portal.slots import began

        classified.register(of_deviations)
        began.register(when_deviations_began)
