package throughline.kafka;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.common.utils.AppInfoParser;
import org.apache.kafka.common.utils.Time;

/**
 * One Apache Kafka node, controller and broker in one: {@code Node DATA CONFIG [--ends-with-stdin FOLDER] [--scram FILE]
 * [--clock FILE]}.
 *
 * <p>DATA is a folder that is this node's alone. It is formatted when it is empty, with the SCRAM users of FILE (one a line,
 * as {@code kafka-storage --add-scram} takes them), and used as it is when it is not. CONFIG is a properties file: what it
 * says goes before the defaults of {@code node.properties}. With {@code --ends-with-stdin} the node ends at once when
 * whoever started it is gone, and so does FOLDER, in which its data are. With {@code --clock} its wall clock is wrong by the
 * milliseconds that FILE holds, whatever they are at the moment.
 */
public final class Node {
    /** The cluster's id: any will do, the same for all nodes. */
    private static final String CLUSTER = "dGhyb3VnaGxpbmUtMDAwMQ";

    private Node() {
    }

    public static void main(String[] arguments) {
        try {
            run(List.of(arguments));
        } catch (Exception problem) {
            problem.printStackTrace();
            System.err.println("kafka: did not start: " + problem.getMessage());
            // Threads of a half-started node would keep it here.
            Runtime.getRuntime().halt(1);
        }
    }

    private static void run(List<String> arguments) throws Exception {
        Path data = Path.of(arguments.get(0)).toAbsolutePath();
        Path config = Path.of(arguments.get(1)).toAbsolutePath();
        int folder = arguments.indexOf("--ends-with-stdin");
        if (folder >= 0) {
            endWithStdin(Path.of(arguments.get(folder + 1)).toAbsolutePath(), data);
        }
        int scram = arguments.indexOf("--scram");

        int clock = arguments.indexOf("--clock");
        Time time = clock < 0 ? Time.SYSTEM : new SteppedTime(Path.of(arguments.get(clock + 1)));

        Properties settings = settings(data, config);
        Path whole = config.resolveSibling(config.getFileName() + ".whole");
        try (Writer writer = Files.newBufferedWriter(whole, StandardCharsets.UTF_8)) {
            settings.store(writer, null);
        }
        if (!Files.exists(data.resolve("meta.properties"))) {
            format(whole, scram < 0 ? List.of() : Files.readAllLines(Path.of(arguments.get(scram + 1))));
        }

        KafkaRaftServer server = new KafkaRaftServer(KafkaConfig.fromProps(settings, false), time);
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown, "shutdown"));
        // Returns when the broker has joined, is no longer fenced and takes requests.
        server.startup();
        String listeners = settings.getProperty("advertised.listeners", settings.getProperty("listeners"));
        String first = listeners.split(",")[0];
        System.out.println("kafka: apache " + AppInfoParser.getVersion() + " broker listening on "
                + first.substring(first.indexOf("//") + 2));
        server.awaitShutdown();
    }

    private static Properties settings(Path data, Path config) throws IOException {
        Properties settings = new Properties();
        try (InputStream defaults = Node.class.getResourceAsStream("/node.properties")) {
            settings.load(defaults);
        }
        try (Reader own = Files.newBufferedReader(config, StandardCharsets.UTF_8)) {
            settings.load(own);
        }
        settings.setProperty("log.dirs", data.toString());
        return settings;
    }

    private static void format(Path config, List<String> users) throws IOException {
        List<String> command =
                new ArrayList<>(List.of("format", "--cluster-id", CLUSTER, "--config", config.toString()));
        for (String user : users) {
            command.add("--add-scram");
            command.add(user);
        }
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        int status;
        try (PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8)) {
            status = StorageTool.execute(command.toArray(String[]::new), out);
        }
        if (status != 0) {
            throw new IOException("the storage could not be formatted: " + said.toString(StandardCharsets.UTF_8));
        }
    }

    private static void endWithStdin(Path folder, Path data) {
        Thread watch = new Thread(() -> {
            try {
                System.in.transferTo(PrintStream.nullOutputStream());
            } catch (IOException closed) {
                // Closed is what it waits for.
            }
            remove(folder, data);
            Runtime.getRuntime().halt(0);
        }, "stdin");
        watch.setDaemon(true);
        watch.start();
    }

    /** Removes a folder in which this node has its data, and none other. */
    private static void remove(Path folder, Path data) {
        if (!data.startsWith(folder) || !Files.exists(data.resolve("meta.properties"))) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            all.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        } catch (IOException | UncheckedIOException problem) {
            // The broker still writes there, or another node removes it too. What is left is in a temporary folder.
        }
    }
}
