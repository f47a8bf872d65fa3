"""The one way in which a rehearsal breaks off by itself."""


class RehearsalStuck(RuntimeError):
    """The services did not follow for minutes on end; the text says what was waited for."""
