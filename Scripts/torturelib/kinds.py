"""All kinds of faults, in the order in which they are listed."""
from torturelib import faults_of_brokers as brokers
from torturelib import faults_of_files as files
from torturelib import faults_of_workers as workers

KINDS = (
    workers.KillSource, workers.KillSubscriber, brokers.KillBroker, workers.StopWorker, brokers.StopBroker,
    workers.Partition, brokers.MemoryAlarm, brokers.BrokerDiskAlarm, files.PowerCutWorker, brokers.PowerCutBroker,
    workers.ClockSkew, files.BitFlip, files.IndexDeleted, files.DiskFull, files.IndexLocked, brokers.MessagesRemoved,
    files.NewDisk, files.RestoredBackup, brokers.QueuePurged,
)
BY_NAME = {kind.name: kind for kind in KINDS}
