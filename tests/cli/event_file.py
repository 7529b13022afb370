#!/usr/bin/env python3
"""Read an event file as TensorBoard documents it, and compare it with a metrics.jsonl."""
import json
import struct
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xa282ead8) & 0xffffffff


def make_event_class():
    """tensorflow.Event, as far as it is used here, from the published event.proto."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="event.proto", package="tensorflow",
                                              syntax="proto3")

    def add(message, name, number, kind, type_name=None, label=field.LABEL_OPTIONAL):
        message.field.add(name=name, number=number, type=kind, label=label, type_name=type_name)

    summary = file.message_type.add(name="Summary")
    value = summary.nested_type.add(name="Value")
    add(value, "tag", 1, field.TYPE_STRING)
    add(value, "simple_value", 2, field.TYPE_FLOAT)
    add(summary, "value", 1, field.TYPE_MESSAGE, ".tensorflow.Summary.Value", field.LABEL_REPEATED)
    event = file.message_type.add(name="Event")
    add(event, "wall_time", 1, field.TYPE_DOUBLE)
    add(event, "step", 2, field.TYPE_INT64)
    add(event, "file_version", 3, field.TYPE_STRING)
    add(event, "summary", 5, field.TYPE_MESSAGE, ".tensorflow.Summary")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.MessageFactory(pool).GetPrototype(
        pool.FindMessageTypeByName("tensorflow.Event"))


def read_records(path):
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        header = data[at:at + 8]
        (length,), (of_length,) = struct.unpack("<Q", header), struct.unpack_from("<I", data, at + 8)
        assert of_length == masked(header), f"the length at {at} has another checksum"
        record = data[at + 12:at + 12 + length]
        (of_record,) = struct.unpack_from("<I", data, at + 12 + length)
        assert len(record) == length and of_record == masked(record), f"the record at {at}"
        yield record
        at += 16 + length


def main():
    assert crc32c(b"123456789") == 0xe3069283
    event_class = make_event_class()
    events = []
    for record in read_records(sys.argv[1]):
        event = event_class.FromString(record)
        assert len(event.UnknownFields()) == 0
        assert event.wall_time > 1e9
        events.append(event)
    assert events[0].file_version == "brain.Event:2" and events[0].step == 0
    epochs = [json.loads(line) for line in open(sys.argv[2])]
    assert [event.step for event in events[1:]] == [epoch["epoch"] for epoch in epochs]
    times = [event.wall_time for event in events]
    assert times == sorted(times)
    for event, epoch in zip(events[1:], epochs):
        found = {value.tag: value.simple_value for value in event.summary.value}
        assert list(found) == [name for name in epoch if name != "epoch"]
        for name, value in found.items():
            assert value == struct.unpack("<f", struct.pack("<f", epoch[name]))[0], name


main()
