"""The independent review: does it work? Each failure of 2019 is an experiment on the running platform (`make prove`).

Everything goes through the public API, as other systems would use it, while parts are stopped, frozen and killed as an
operator or an accident would do it. An experiment ends in a verdict with its figures.

reports    no report is lost or doubled while processes are killed
firearms   nobody is sent without a hazard answer, and what is found later reaches those already sent
panic      every press is durable or says otherwise, and is shown, whatever is down
silence    nobody answers: it escalates, on time, whatever is down
backlog    a consumer stops: the catalogue says so
victims    a report that nobody decides is overdue at 24 h, shown, and with the registrar
"""
