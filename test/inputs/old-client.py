"""The client of the first aetherscale, as far as it is seen from RabbitMQ: declares nothing, says no correlation id, and takes
what is answered within 5 s, unless more are said. Prints an answer a line; ends early after as many as are asked for.

usage: old-client.py URL COMMAND OPTIONS [ANSWERS [SECONDS]]
"""
import json
import sys
import time

import pika

url, command, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
enough = int(sys.argv[4]) if len(sys.argv) > 4 else None
seconds = float(sys.argv[5]) if len(sys.argv) > 5 else 5

connection = pika.BlockingConnection(pika.URLParameters(url))
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
end = time.monotonic() + seconds
while time.monotonic() < end and (enough is None or len(answers) < enough):
    connection.process_data_events(time_limit=0.05)
connection.close()
