"""The peers: other ways to write the consumer of `order.disputed`, each one file and one process.

Rule: a peer reads its topic as its documentation tells a user to, collects batches, hands each to a
`handle` of `bench.peers.batch`, and commits its offsets after that. It runs until it is ended.
"""
