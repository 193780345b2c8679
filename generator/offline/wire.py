"""Property values between the engine's protobuf and plain Python."""

from google.protobuf import json_format, struct_pb2

from generator.offline.values import Properties


def read(message: struct_pb2.Struct) -> Properties:
    """Turn a protobuf struct into plain values; secrets stay wrapped."""
    return json_format.MessageToDict(message)


def write(properties: Properties) -> struct_pb2.Struct:
    """Turn plain values into a protobuf struct."""
    message = struct_pb2.Struct()
    json_format.ParseDict(properties, message)
    return message
