"""Every table of the product, one file per subject, one migration history."""

from consent.models.access import ApiKey, Membership, Opening
from consent.models.append_only import AppendOnly, AppendOnlyError
from consent.models.audits import AuditFinding, AuditItem, AuditSample
from consent.models.calls import Call
from consent.models.companies import Company, Purpose, Sender
from consent.models.decisions import DecisionBatch, DecisionCount
from consent.models.holds import Hold
from consent.models.imports import Import, ImportErasure, ImportFile, ImportPart
from consent.models.localized import Localized, LocalizedField
from consent.models.log import (
    Checkpoint,
    Cosignature,
    LogEntry,
    LogEra,
    LogHead,
    LogPending,
    LogTile,
    LogWitness,
)
from consent.models.messages import InboundMessage, OutboundMessage
from consent.models.notices import Notice, NoticeShown, NoticeVersion, Reasking
from consent.models.paper import Kiosk, PaperBatch, PaperCheck, PaperFile, PaperPage, PaperPiece
from consent.models.people import CodeTry, ContactPoint, Erased, Evidence, EvidenceFile, SubjectKey
from consent.models.points import CapturePoint, Offer, Poster
from consent.models.preferences import Visit
from consent.models.quality import (
    PersonSource,
    QualityChange,
    QualityPoll,
    QualityReading,
    QualityTold,
    SenderDay,
    SenderUse,
    SourceCursor,
    SourceDay,
)
from consent.models.records import Act, ActOrigin, ConsentRecord
from consent.models.relay import Attempt, Subscription
from consent.models.rights import LegalHold, RightsRequest
from consent.models.sandbox import SandboxJump, SandboxMessage, SandboxPress
from consent.models.schedules import ExportSchedule
from consent.models.sendings import Sending
from consent.models.templates import MessageTemplate
from consent.models.troubles import ContactTrouble

__all__ = [
    "Act",
    "ActOrigin",
    "ApiKey",
    "AppendOnly",
    "AppendOnlyError",
    "Attempt",
    "AuditFinding",
    "AuditItem",
    "AuditSample",
    "Call",
    "CapturePoint",
    "Checkpoint",
    "CodeTry",
    "Company",
    "ConsentRecord",
    "ContactPoint",
    "ContactTrouble",
    "Cosignature",
    "DecisionBatch",
    "DecisionCount",
    "Erased",
    "Evidence",
    "EvidenceFile",
    "ExportSchedule",
    "Hold",
    "Import",
    "ImportErasure",
    "ImportFile",
    "ImportPart",
    "InboundMessage",
    "Kiosk",
    "LegalHold",
    "Localized",
    "LocalizedField",
    "LogEntry",
    "LogEra",
    "LogHead",
    "LogPending",
    "LogTile",
    "LogWitness",
    "Membership",
    "MessageTemplate",
    "Notice",
    "NoticeShown",
    "NoticeVersion",
    "Offer",
    "Opening",
    "OutboundMessage",
    "PaperBatch",
    "PaperCheck",
    "PaperFile",
    "PaperPage",
    "PaperPiece",
    "PersonSource",
    "Poster",
    "Purpose",
    "QualityChange",
    "QualityPoll",
    "QualityReading",
    "QualityTold",
    "Reasking",
    "RightsRequest",
    "SandboxJump",
    "SandboxMessage",
    "SandboxPress",
    "Sender",
    "SenderDay",
    "SenderUse",
    "Sending",
    "SourceCursor",
    "SourceDay",
    "SubjectKey",
    "Subscription",
    "Visit",
]
