-- Who holds a lease, so that one process of this machine can be known dead, and the lease measured without the wall clock.
ALTER TABLE `leases` ADD `held` text;
