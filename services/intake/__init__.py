"""Call intake: the one ledger of contacts, and the incidents they become."""
