"""What is said on the wire: topics, events, effects, their Avro contracts and the codec.

Rule of the package: it imports nothing else of this project.
"""
