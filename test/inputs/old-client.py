"""The client of the first aetherscale, as far as it is seen from RabbitMQ: declares nothing, says no correlation id, and takes
what is answered within 5 s. Prints an answer a line; ends early after as many as are asked for.

usage: old-client.py PORT COMMAND OPTIONS [ANSWERS]
"""
import json
import sys
import time

import pika

port, command, options = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
enough = int(sys.argv[4]) if len(sys.argv) > 4 else None

connection = pika.BlockingConnection(pika.ConnectionParameters(host='127.0.0.1', port=port))
channel = connection.channel()
answers = []


def collect(_channel, _method, _properties, body):
    answers.append(json.loads(body))
    print(json.dumps(answers[-1]), flush=True)


channel.basic_consume(queue='amq.rabbitmq.reply-to', on_message_callback=collect, auto_ack=True)
channel.basic_publish(
    exchange='computing',
    routing_key=command,
    properties=pika.BasicProperties(reply_to='amq.rabbitmq.reply-to', content_type='application/json'),
    body=json.dumps({'command': command, 'options': options}),
)
end = time.monotonic() + 5
while time.monotonic() < end and (enough is None or len(answers) < enough):
    connection.process_data_events(time_limit=0.05)
connection.close()
