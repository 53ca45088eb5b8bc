"""Where the pages' own files are found: under names that change with their content, so that nobody asks twice."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """A page is shown without its style rather than not at all: who wants to say stop must be able to."""

    def stored_name(self, name: str) -> str:
        try:
            return str(super().stored_name(name))
        except ValueError:  # not collected: an update that was cut short
            return name
