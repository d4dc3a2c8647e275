import org.apache.pekko.persistence.japi.snapshot.JavaSnapshotStoreSpec;
import org.junit.runner.RunWith;
import org.scalatestplus.junit.JUnitRunner;

/** Pekko's compatibility kit for stores of snapshots. */
@RunWith(JUnitRunner.class)
public class SnapshotStoreTest extends JavaSnapshotStoreSpec {
  public SnapshotStoreTest() {
    super(Settings.of("pekko_snapshots"));
  }
}
