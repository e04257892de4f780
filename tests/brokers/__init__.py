"""The brokers that the tests run on: the embedded one, and an Apache Kafka from three places."""
