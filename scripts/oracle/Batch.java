import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.security.Permission;

/**
 * Runs one of Cassandra's tools many times in one JVM, since starting one costs more than most runs. Arguments: the tool's class, then what
 * stands before the arguments of each run. Input: a line a run, arguments separated by tabs. Output, per run: a line with the exit status and
 * the bytes of standard output and standard error, then both.
 */
public class Batch {
  /** Stands for the end of the process; an Error, since tools catch every Exception. */
  static final class Exit extends Error {
    Exit(int status) {
      super("exit " + status);
    }
  }

  /** A stream that goes on after a tool has closed it. */
  static final class Kept extends PrintStream {
    Kept(OutputStream target) {
      super(target, true, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
      flush();
    }
  }

  /** The first status that the run has exited with; null while it has not. A tool may catch Exit and exit again. */
  static volatile Integer status;

  static volatile boolean done;

  @SuppressWarnings("removal")
  public static void main(String[] args) throws Exception {
    OutputStream answers = new FileOutputStream(FileDescriptor.out);
    // Tools and loggers keep the streams they find first, so these two stay for all runs.
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    System.setOut(new Kept(out));
    System.setErr(new Kept(err));
    System.setSecurityManager(new SecurityManager() {
      @Override
      public void checkExit(int code) {
        if (done) return;
        if (status == null) status = code;
        throw new Exit(code);
      }

      @Override
      public void checkPermission(Permission permission) {}

      @Override
      public void checkPermission(Permission permission, Object context) {}
    });
    String[] lines = new String(System.in.readAllBytes(), StandardCharsets.UTF_8).split("\n");
    for (String line : lines) {
      String[] own = line.split("\t");
      String[] all = new String[args.length - 1 + own.length];
      System.arraycopy(args, 1, all, 0, args.length - 1);
      System.arraycopy(own, 0, all, args.length - 1, own.length);
      run(args[0], all);
      System.out.flush();
      System.err.flush();
      // Taken once: threads of the tool may still log.
      byte[] said = taken(out);
      byte[] complained = taken(err);
      answers.write((status + " " + said.length + " " + complained.length + "\n").getBytes(StandardCharsets.UTF_8));
      answers.write(said);
      answers.write(complained);
      answers.flush();
    }
    done = true;
    Runtime.getRuntime().halt(0); // the tools' threads may run on
  }

  static byte[] taken(ByteArrayOutputStream stream) {
    synchronized (stream) {
      byte[] bytes = stream.toByteArray();
      stream.reset();
      return bytes;
    }
  }

  static void run(String tool, String[] args) {
    status = null;
    try {
      Class.forName(tool).getMethod("main", String[].class).invoke(null, (Object) args);
      if (status == null) status = 0;
    } catch (InvocationTargetException ended) {
      if (ended.getCause() instanceof Exit) return;
      ended.getCause().printStackTrace();
      status = 1;
    } catch (ReflectiveOperationException wrong) {
      wrong.printStackTrace();
      status = 1;
    }
  }
}
