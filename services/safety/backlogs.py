"""What can pile up in safety, and who owns it."""

from services.kernel.backlog import Backlog

BACKLOGS = (
    Backlog(
        "safety.emergencies-unacknowledged",
        "control room supervisor",
        "Emergencies with a press or a duress code that no person has taken.",
        "select count(distinct emergency_id) as size, min(at) as oldest from alarm "
        "where not taken and not cleared and not synthetic",
    ),
    Backlog(
        "safety.spool",
        "platform on-call",
        "Signals of emergencies on the disks of replicas that the database does not have yet.",
        "select coalesce(sum(records), 0)::bigint as size, min(oldest) as oldest from spool_level",
        real_time=True,
    ),
    Backlog(
        "safety.emergencies-in-memory",
        "platform on-call",
        "Signals of emergencies that the replica which has most of them has in memory alone: lost, should it die.",
        "select coalesce(max(in_memory), 0)::bigint as size, min(in_memory_since) as oldest from spool_level",
        real_time=True,
    ),
    Backlog(
        "safety.spool-set-aside",
        "platform on-call",
        "Signals that the database refused, and damaged bytes, that wait on a replica's disk for a person.",
        "select coalesce(sum(set_aside), 0)::bigint as size, min(set_aside_since) as oldest from spool_level",
        real_time=True,
    ),
    Backlog(
        "safety.devices-silent",
        "control room supervisor",
        "Radios on duty that were not heard for longer than their force allows.",
        "select count(*) as size, min(silent_since) as oldest from device where silent_since is not null",
    ),
    Backlog(
        "safety.radio-paths-silent",
        "control room supervisor",
        "Forces of whose radios on duty none is heard: it is the way from them, such as their gateway.",
        "select count(*) as size, min(silent_since) as oldest from radio_path where silent_since is not null",
    ),
    Backlog(
        "safety.devices-untested",
        "control room supervisor",
        "Radios on duty whose self-test has not passed at this booking-on.",
        # As long before it as a test counts at dispatch.
        "select count(*) as size, min(duty_since) as oldest from device where duty = 1 "
        "and not (test_passed and tested_at >= duty_since - interval '30 minutes')",
    ),
    Backlog(
        "safety.welfare-overdue",
        "control room supervisor",
        "People who were to be called because four fifths of their welfare time are over, and have not checked in.",
        "select count(*) as size, min(warn_at) as oldest from welfare where ended_at is null and warn_at <= $1",
    ),
    Backlog(
        "safety.markers-to-review",
        "intelligence unit",
        "Markers whose review is due: nobody has looked at them since.",
        "select count(*) as size, min(review_due) as oldest from marker "
        "where review_asked_at is not null and withdrawn_at is null",
    ),
    Backlog(
        "safety.markers-expired",
        "intelligence unit",
        "Markers that expired and were neither renewed nor withdrawn: shown as unverified.",
        "select count(*) as size, min(expires_at) as oldest from marker "
        "where expires_at <= $1 and withdrawn_at is null and certificate_number = ''",
    ),
    Backlog(
        "safety.certificates-expired",
        "firearms licensing",
        "Certificate holders whose certificate ran out and who are still in the register as it was last sent.",
        "select count(*) as size, min(expires_at) as oldest from marker "
        "where expires_at <= $1 and withdrawn_at is null and certificate_number <> ''",
    ),
)
