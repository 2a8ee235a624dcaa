"""Routes: the ordered endpoints of one request, and why these.

Knows what a request wants, what a caller prefers, what endpoints can, cost and lately did, and
makes one order of it. Refuses to know a clock, chance, sockets, and what answers look like.

The parts, in the order in which a request meets them:

- ``wishes`` and ``preferences``: how the caller wants to be routed (the ``provider`` object and
  the suffixes of a name).
- ``wants``: what this exact request needs of an endpoint, as a set of bits.
- ``fitness``: whether an endpoint can give it, and if not, why not, in words.
- ``price``: what a request costs at an endpoint, for comparing.
- ``rules``: the operator's policy and each project's own.
- ``standing``: the order of a model's endpoints for requests of one kind, prepared once.
- ``affinity``: where a conversation's prompt is cached.
- ``plan``: all of it together: ``Planner.plan`` gives a ``Plan``, or refuses and says why.
- ``course``: one request on its way through its plan: which endpoint is next, and when.
- ``explain``: a plan in plain values.

How the engine uses them::

    live = Live(Health(), Vitals(), Affinity(), estimates)  # outlives every configuration
    planner = Planner(catalog, live, policy, projects)
    planner.adopt(catalog, policy, projects)  # when the configuration has changed

    plan = planner.plan(call, key, Asked(request_bytes, at_ms, now_s, chance))
    course = Course(plan, live.health, budget)
    step = course.begin(now_s)
    while step is not None:
        ...  # wait step.wait_s, call step.endpoint, then exactly one of these:
        course.answered(now_s)  # its first real frame has come: nothing is tried again
        step = course.failed(fault, now_s, chance)  # None: raise course.worst
    course.left()  # in the exit: harmless where one of the two was called
    live.health.failed(endpoint_id, "well", fault, now_s)  # the answer failed later
    planner.settled(plan, call, key, Home(endpoint_id, prompt_tokens, now_s))
    live.vitals.answered(endpoint_id, at_ms, ttft_ms, pace(output_tokens, first_s, end_s))
    live.vitals.failed(endpoint_id, at_ms, fault.kind)  # for every try that failed
    live.vitals.refresh(at_ms)  # every REFRESH_S, off the path of requests
"""
