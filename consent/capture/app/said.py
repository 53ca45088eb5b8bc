"""What an app hands in, field by field; whatever else it sends is refused."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from consent.vocabulary import Channel, Relation

type Short = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
type Slug = Annotated[str, StringConstraints(pattern=r"^[-a-zA-Z0-9_]{1,40}$")]


class Strict(BaseModel):
    """An object of exactly these fields, each of exactly its type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class AppEvidence(Strict):
    """What the app knows about the moment: kept sealed with the record."""

    app_version: Short
    screen: Short
    device_locale: Short
    device: Short | None = None


class Verified(Strict):
    """The app's own claim that it verified the number: how, and when."""

    method: Short = Field(description="How the number was verified, for example `sms_code`.")
    at: str = Field(description="When, in ISO 8601 with a time zone.")


class Snapshot(Strict):
    """A picture of the screen as the person saw it."""

    media_type: Literal["image/png", "image/jpeg", "image/webp"]
    content: Annotated[str, StringConstraints(max_length=180_000)] = Field(description="The file in Base64.")


class Guardian(Strict):
    """Who says yes for a child, where the capture point asks for a guardian. The day of birth is not kept."""

    relation: str = Field(
        description="What the adult is to the child.", json_schema_extra={"enum": list(Relation.values)}
    )
    born: str = Field(
        description="The child's day of birth, like 2015-06-14.", json_schema_extra={"format": "date"}
    )


class Consent(Strict):
    """What a person answered on a screen of the app."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=2000)] = Field(
        description="The render token that came with what was shown."
    )
    contact: Annotated[str, StringConstraints(max_length=100)] = Field(
        description="The phone number, with +."
    )
    answers: dict[str, bool] = Field(
        description="For each box that was answered: true for yes, false for no.", min_length=1
    )
    evidence: AppEvidence
    guardian: Guardian | None = Field(
        None, description="Where the capture point asks for a guardian and an answer is yes; nowhere else."
    )
    verified: Verified | None = None
    snapshot: Snapshot | None = None


class Withdrawal(Strict):
    """That a person does not want messages any more."""

    contact: Annotated[str, StringConstraints(max_length=100)] = Field(
        description="The phone number, with +."
    )
    channel: Channel | None = Field(None, strict=False, description="Every channel where it is left out.")
    purpose: Slug | None = Field(
        None, description="The purpose's short name; every purpose where it is left out."
    )
    said_at: str | None = Field(
        None, description="When the person said so, in ISO 8601 with a time zone; now."
    )
    evidence: dict[Short, Short] = Field(default_factory=dict, max_length=20)


class RecordOut(BaseModel):
    """One record, as it was written."""

    id: str
    purpose: str | None
    channel: str
    state: str


class ActOut(BaseModel):
    """What was recorded: one record per answer, and the person's receipt."""

    act: str
    subject: str
    records: list[RecordOut]
    receipt: str = Field(description="The address of the person's receipt: whoever knows it can read it.")


class KeptOut(BaseModel):
    """The withdrawal is on disk and will be recorded: the database takes nothing now. Nobody has to say it again."""

    kept: bool = True


class BoxOut(BaseModel):
    """One box to show, unticked."""

    key: str = Field(description="What to call the answer to it.")
    purpose: str
    channel: str
    label: str
    hint: str


class RelationOut(BaseModel):
    """One answer to what the adult is to the child."""

    key: str = Field(description="What to send back.")
    label: str


class GuardianOut(BaseModel):
    """What to ask whoever says yes for a child, word for word."""

    asked: str
    note: str = Field(description="Who may answer, and what becomes of it: to be shown with the questions.")
    relation: str
    relations: list[RelationOut]
    born: str
    contact: str = Field(description="What to call the field of the number: it is the adult's own.")


class PointOut(BaseModel):
    """What to show, word for word, and the token to send back with the answers."""

    point: str
    company: str
    title: str
    language: str
    languages: list[str]
    text: list[str] = Field(description="The statement, paragraph by paragraph.")
    boxes: list[BoxOut]
    guardian: GuardianOut | None = Field(
        description="What to ask besides, where an adult answers for a child; null elsewhere."
    )
    notice: str
    digest: str
    privacy_url: str
    confirmation: str = Field(
        description="How the number is proved where the app brings no claim that is accepted."
    )
    trusts_app: bool = Field(
        description="Whether the company accepts the app's own claim of a verified number."
    )
    token: str
    expires_at: str
