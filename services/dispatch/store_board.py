"""The log of the board's changes, in SQL."""

from services.kernel.transaction import Transaction


async def one_moment(tx: Transaction) -> None:
    """Makes all that the transaction reads be of one moment. To be said before it reads anything."""
    await tx.execute("set transaction isolation level repeatable read")


async def last_sequence(tx: Transaction, force: str) -> int:
    """The number of the force's last change; 0 before the first."""
    row = await tx.maybe("select last from counter where name = 'board/' || $1", force)
    return 0 if row is None else row["last"]
