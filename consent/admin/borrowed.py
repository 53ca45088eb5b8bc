"""Words that Django and django-axes show on staff pages, where our catalogue says them better or at all."""

from django.utils.translation import gettext_lazy, gettext_noop

from consent.admin import groups

# Django has no translation of these, or one that reads as put together: "Adicionar outro(a) Cartaz", "Sab".
gettext_noop("Filter by %(field_name)s")
gettext_noop("- Select an option -")
gettext_noop("Add another %(verbose_name)s")
gettext_noop("Save and add another")
gettext_noop("View %s")
gettext_noop("Sat")

# Nor does it know that a company is feminine: "O empresa … foi adicionado".
gettext_noop("The {name} “{obj}” was added successfully.")
gettext_noop("The {name} “{obj}” was added successfully. You may add another {name} below.")
gettext_noop("The {name} “{obj}” was changed successfully.")
gettext_noop("The {name} “{obj}” was changed successfully. You may edit it again below.")
gettext_noop("The {name} “{obj}” was changed successfully. You may add another {name} below.")
gettext_noop("The %(name)s “%(obj)s” was deleted successfully.")

# django-axes has no Spanish and no Portuguese.
gettext_noop("User Agent")
gettext_noop("IP Address")
gettext_noop("Username")
gettext_noop("HTTP Accept")
gettext_noop("Path")
gettext_noop("Attempt Time")
gettext_noop("Access lock out")
gettext_noop("GET Data")
gettext_noop("POST Data")
gettext_noop("Failed Logins")
gettext_noop("Logout Time")
gettext_noop("Session key hash (sha256)")
gettext_noop("Form Data")
gettext_noop("Meta Data")
gettext_noop("Expires At")
gettext_noop("Not set")
gettext_noop("Locked Out")

# What django-axes calls its tables.
TABLES = {
    "AccessAttempt": gettext_lazy("Failed sign-ins"),
    "AccessFailureLog": gettext_lazy("Sign-ins held off"),
    "AccessLog": gettext_lazy("Sign-ins"),
}

# What the presets of consent/admin/groups.py let somebody do; their names are stored in English.
GROUPS = {
    groups.STAFF: gettext_lazy("Staff: runs the asking and sees records, nothing personal"),
    groups.AUDITOR: gettext_lazy("Auditor: reads everything, changes nothing, until a last day"),
    groups.OPENS: gettext_lazy("Opens personal data, besides another group; each opening is written down"),
    groups.ERASES: gettext_lazy("Erases people for good, besides another group"),
}


def group(name: str) -> str:
    """What a group lets somebody do; one that an installation added goes by its name."""
    return str(GROUPS.get(name, name))
