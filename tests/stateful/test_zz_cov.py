from collections import Counter
from tests.stateful.test_reports import *
from tests.stateful import test_reports as t
C=Counter()
class Cov(Always):
    def teardown(self):
        for s in self.services:
            for e in self.events(s): C[e["type"].rpartition(".")[2]]+=1
        for r in self.reports():
            C[r.report.state.name]+=1
            for d in r.report.decisions: C["reason" if d.reason else "absorbed" if d.absorbed_by else "crime"]+=1; C["auth "+d.authority]+=1
        super().teardown()
def test_cov(ledgers):
    run_state_machine_as_test(lambda: Cov(ledgers), settings=STORY)
    print(C)
