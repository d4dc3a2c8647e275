import org.apache.pekko.persistence.CapabilityFlag;
import org.apache.pekko.persistence.japi.journal.JavaJournalSpec;
import org.junit.runner.RunWith;
import org.scalatestplus.junit.JUnitRunner;

/** Pekko's compatibility kit for journals. */
@RunWith(JUnitRunner.class)
public class JournalTest extends JavaJournalSpec {
  public JournalTest() {
    super(Settings.of("pekko_journal"));
  }

  @Override
  public CapabilityFlag supportsRejectingNonSerializableObjects() {
    return CapabilityFlag.off();
  }
}
