"""The heap of a process that serves."""

import gc


def freeze_heap() -> None:
    """To be called once a process is put together: what there is by now stays, and is not looked through for garbage.

    A full collection walks every object, most of which are the imports': 30 ms and more in which no call is answered.
    It is not run here either, for it finds next to nothing yet.
    """
    gc.freeze()
