package throughline.figures;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The fold as a Kafka Streams application: every event of the topics a row of a RocksDB store, under pseudonym and event id,
 * its bytes as they came. It opens nothing: the bodies are sealed.
 *
 * <p>Arguments: bootstrap, state folder, application id, threads, {@code changelog} or {@code none}, topics. Says
 * {@code folded RECORDS MILLISECONDS} once everything that the topics held at the start is in the store, the time from its first
 * record on, then stays until it is killed or its standard input ends.
 */
public final class Fold {
    private static final String ROWS = "rows";
    private static final int PARTITIONS = 16;
    private static final LongAdder FOLDED = new LongAdder();
    private static final AtomicLong FIRST = new AtomicLong();

    private Fold() {}

    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[0];
        String application = arguments[2];
        boolean changelog = arguments[4].equals("changelog");
        List<String> topics = Arrays.asList(arguments).subList(5, arguments.length);
        long left = left(bootstrap, application, topics);

        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[1]);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, Integer.parseInt(arguments[3]));
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1_000);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64L << 20);
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 10_000);
        // A member that was killed is missed by its session only: the shortest that a broker takes.
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), 6_000);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), 500);
        settings.put(StreamsConfig.PROBING_REBALANCE_INTERVAL_MS_CONFIG, 60_000);

        var rows = Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(ROWS), Serdes.Bytes(), Serdes.ByteArray())
                .withCachingEnabled();
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(changelog ? rows.withLoggingEnabled(Map.of()) : rows.withLoggingDisabled());
        builder.stream(topics, Consumed.with(Serdes.ByteArray(), Serdes.ByteArray())).process(ToRow::new, ROWS);

        CountDownLatch running = new CountDownLatch(1);
        KafkaStreams streams = new KafkaStreams(builder.build(), settings);
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) {
                running.countDown();
            }
        });
        streams.start();
        running.await();
        while (FOLDED.sum() < left) {
            Thread.sleep(1);
        }
        long took = FIRST.get() == 0 ? 0 : (System.nanoTime() - FIRST.get()) / 1_000_000;
        System.out.println("folded " + FOLDED.sum() + " " + took);
        while (System.in.read() >= 0) {}
        Runtime.getRuntime().halt(0);
    }

    /** Records that the application has not committed yet. */
    private static long left(String bootstrap, String application, List<String> topics) throws Exception {
        Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
        for (String topic : topics) {
            for (int partition = 0; partition < PARTITIONS; partition++) {
                ends.put(new TopicPartition(topic, partition), OffsetSpec.latest());
            }
        }
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            Map<TopicPartition, ListOffsetsResultInfo> found = admin.listOffsets(ends).all().get();
            Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
            try {
                committed.putAll(admin.listConsumerGroupOffsets(application).partitionsToOffsetAndMetadata().get());
            } catch (java.util.concurrent.ExecutionException nobodyHasCommitted) {
                // The first start.
            }
            long left = 0;
            for (var end : found.entrySet()) {
                OffsetAndMetadata at = committed.get(end.getKey());
                left += end.getValue().offset() - (at == null ? 0 : at.offset());
            }
            return left;
        }
    }

    private static final class ToRow implements Processor<byte[], byte[], Void, Void> {
        private KeyValueStore<Bytes, byte[]> rows;

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            rows = context.getStateStore(ROWS);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            byte[] pseudonym = record.key();
            byte[] eventId = eventId(record.value());
            byte[] key = Arrays.copyOf(pseudonym, pseudonym.length + eventId.length);
            System.arraycopy(eventId, 0, key, pseudonym.length, eventId.length);
            rows.put(Bytes.wrap(key), record.value());
            if (FIRST.get() == 0) {
                FIRST.compareAndSet(0, System.nanoTime());
            }
            FOLDED.increment();
        }
    }

    /** The envelope's second field: sixteen bytes in clear. */
    private static byte[] eventId(byte[] envelope) {
        for (int at = 0; at < envelope.length; ) {
            int tag = envelope[at++];
            if ((tag & 7) == 0) {
                while (envelope[at++] < 0) {}
                continue;
            }
            int length = 0;
            for (int shift = 0; ; shift += 7) {
                byte part = envelope[at++];
                length |= (part & 0x7f) << shift;
                if (part >= 0) {
                    break;
                }
            }
            if (tag == (EVENT_ID << 3 | 2)) {
                return Arrays.copyOfRange(envelope, at, at + length);
            }
            at += length;
        }
        throw new IllegalArgumentException("the envelope has no event id");
    }

    private static final int EVENT_ID = 2;
}
