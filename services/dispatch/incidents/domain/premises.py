"""Whether two incidents were at the same premises, as far as their addresses say."""

from services.dispatch.markers.domain.addresses import parts_of


def premises_key(address: str) -> str:
    """The same for the same premises; "" for what names none.

    A street is none: "on or near Ash Mount" says nothing of who lives there. Nor is a house without a number, where no
    property reference number says which.
    """
    parts = parts_of(address)
    if not parts.number:
        return ""
    where = parts.postcode or parts.town
    return "|".join((where, parts.street, parts.number + parts.letter, parts.unit))
